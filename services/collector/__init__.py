"""Collector: printers and print servers in, job events out."""
