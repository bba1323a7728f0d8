"""Looks at printers in their rhythm and journals what is new."""
