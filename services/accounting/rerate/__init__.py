"""Prices again what the ledger holds: vectorised, exact, and equal to the plain pricing row by row.

`read` brings lines as columns, `keys` finds the few kinds of lines among them, `prices` works out the rates of
each kind once and all amounts at once, `effect` sums up the differences. What comes of it is either only told
(`what_if`) or posted as new entries (`reprice`).
"""
