"""Later states of ledger lines: corrections, voids, re-pricing. What was posted never changes, states are added.

An amendment is the state of one line after a change. As ledger lines it is two legs: one takes the state before
back, one counts the state after, so that every total stays a plain sum. The lines of one change share one
correction, which says who made it, when and why. `post_amendments` is the one place that writes any of it.
"""

from services.accounting.amend.post import NewCorrection, Posted, open_staging, post_amendments

__all__ = ["NewCorrection", "Posted", "open_staging", "post_amendments"]
