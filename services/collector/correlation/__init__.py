"""One job that several sources tell of: which readings belong together, and what they come to."""
