"""Price books: versions, publishing, which list counts where, and loading them for pricing."""
