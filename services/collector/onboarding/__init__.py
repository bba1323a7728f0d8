"""Asks devices who they are, and tests them."""
