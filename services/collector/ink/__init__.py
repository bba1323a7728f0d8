"""Ink of jobs that no source measured, estimated from how far the levels of the supplies fell."""
