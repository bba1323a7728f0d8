"""HTTP of the collector."""
