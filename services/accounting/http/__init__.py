"""What accounting answers over HTTP."""
