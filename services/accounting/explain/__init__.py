"""Explains one line of the ledger: computed again, term by term, with every list that was considered. Pure."""
