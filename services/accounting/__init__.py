"""Accounting: job events in, a priced, append-only ledger out."""
