"""`inkmeter accounting`: check the sums that reports read against the ledger, and make them anew."""

from __future__ import annotations

import click


@click.group(short_help="Verify and rebuild the ledger's rollups.")
def accounting() -> None:
    """Check the sums that reports read against the ledger, and make them anew."""
