"""The fast path: the very rows of the simple path as ready-made COPY bytes, and its sums by numpy.

`alike` reads records that are spelled alike, `told` and `from_objects` all others (with `moments`, `identity`,
`ink`), both into `facts`; `rows` puts them together, `lines` finds the rates, `amounts` prices, `table` turns
columns into COPY bytes (with `texts`), `sums` and `cells` add up the rollups, `path` posts the whole.
All arithmetic is on 64 bit integers and exact; what could overflow, or is told in an unusual way, goes the plain
way. numpy takes a batch by column, which costs a tenth of what Python would take for each value.
"""

from __future__ import annotations
