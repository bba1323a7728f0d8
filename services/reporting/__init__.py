"""Reporting: the ledger's rollups as summaries that people read."""
