"""On whose behalf a command changes things."""

from __future__ import annotations

import getpass

from shared.http.headers import ACTOR


def acting_as() -> dict[str, str]:
    """The header that says who runs a command; none where the system does not tell, or not in plain letters."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        return {}
    return {ACTOR.name: name} if name.isascii() and name.isprintable() else {}
