"""Simulated printers and people whose jobs pass through the real pipeline."""
