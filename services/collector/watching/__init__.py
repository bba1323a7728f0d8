"""Watches devices: reads them in their own rhythm, tells what has changed, and what needs a person."""
