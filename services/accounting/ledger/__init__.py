"""The ledger's writer: job events in, priced and posted exactly once, in one transaction per batch.

What holds, and where it is kept:

- A job is charged once, however often and wherever it is told: `job.job_id` is unique (simple_path, fast_path).
- A batch counts wholly or not at all, and only while its partitions are ours: `fence` is its first statement.
- Entry ids follow from Kafka's positions, so that a replay makes the same ids: `entries`.
- Rollups are sums over the ledger, moved on in the same transaction: `services.accounting.verify` recounts them.
- What is refused is kept whole, with the reason, in the same transaction: `dead_letters`.

The simple path (temporary tables, ON CONFLICT, sums in SQL) is the meaning of the fast one (COPY of ready-made
bytes, sums by numpy) and takes over from it whenever that meets what it can't settle.
"""

from __future__ import annotations
