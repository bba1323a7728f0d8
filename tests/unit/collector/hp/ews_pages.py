"""Accounting pages as EWS writes them, made of rows that tests give; titles, classes and hidden rows as seen."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

RU_ROW = (
    "ВАО_А1_реновация2",
    "Печать",
    "HP SmartStream",
    "Укладчик",
    "отменено пользователем",
    "0",
    "",
    "Всего",
    "",
    "0",
    "Обычная бумага (< 90 г/кв.м)",
    "1,0710 м²",
    "1,2700 м",
    "",
    "1,54 мл.",
    "Biegler",
    "18.07.2024 16:08:11",
    "Линии/быстро",
)
"""The values of one row of a PageWide XL 8000, in its 18 columns."""


def row(cells: Sequence[str], inks: Sequence[tuple[str, str]] = (), number: int = 1) -> str:
    """A job's row, and one hidden row below it for each ink."""
    inner = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    below = "".join(
        f'<tr parentid="{number}" style="display:none"><td></td>'
        f"<td>{escape(name)}</td><td>{escape(amount)}</td></tr>"
        for name, amount in inks
    )
    return f'<tr id="tc{number}" class="treeTableTitleRowClosed treeTableTopLevel">{inner}</tr>{below}'


def page(*rows: str, head: Sequence[str] = ("Document", "User name", "Account ID")) -> bytes:
    """A whole page: the navigation is a table as well."""
    titles = "".join(f"<th>{escape(each)}</th>" for each in head)
    return (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><title>Accounting</title>'
        "<script>var rows = '<tr><td>1 m²</td></tr>';</script></head><body>"
        "<table><tr><td>Main</td><td>Setup</td><td>Networking</td></tr></table>"
        f"<table><tr>{titles}</tr>{''.join(rows)}</table></body></html>"
    ).encode()


ASLEEP = (
    b'<html><body><p>Economy</p><FORM method="post" name="WakeUp" ACTION="/wakeup.htm/config">'
    b'<INPUT type="hidden" name="hidden_wakeup_Addr" value=""></FORM></body></html>'
)
