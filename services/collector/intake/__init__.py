"""From what a source tells to the entry that is journaled."""
