"""Reads records that are spelled alike from their bytes, all at once.

`spelling` takes one record apart and says where its values stand, `groups` finds the others that are spelled so,
and `readable` knows which spellings can be read here. `values` checks all values against the contract (`limits`);
`facts_of` makes columns of them, with `lines` and `said` (what is hashed, laid out in `slots`).
Whatever is not surely as the contract has it is left to the plain reader, which takes it or says why not.
"""

from __future__ import annotations
