"""Tells the ledger's lines to Kafka."""
