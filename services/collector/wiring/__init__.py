"""Puts parts together, one concern a file, so that main.py stays short."""
