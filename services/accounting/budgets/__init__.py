"""Budgets: what may be spent, what is reserved, and who is told."""
