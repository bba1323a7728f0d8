"""A summary as a table on the terminal, with what lacks a price said in words."""

from __future__ import annotations

import io
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from services.reporting import numbers
from services.reporting.render import figures
from services.reporting.summary import Summary
from shared.periods import title
from shared.printable import printable

LONGEST_NAME: Final = 48
FILE_WIDTH: Final = 160
_COLUMNS = ("Jobs", "Printed area", "Ink", "Cost", "Price", "Margin")


def as_text(summary: Summary) -> str:
    """The same as plain text, for a file."""
    out = Console(file=io.StringIO(), width=FILE_WIDTH, color_system=None)
    with out.capture() as captured:
        out.print(drawn(summary))
    return captured.get()


def drawn(summary: Summary) -> Group:
    """Heading, table and notes; foreign text is never read as markup nor sent as a control sequence."""
    heading = Text.assemble(
        (f"Summary by {figures.HEADINGS[summary.by].lower()}", "bold"), f"  {title(summary.period)}"
    )
    for name, value in summary.filters.items():
        heading.append(f"  {name}: {printable(value) or 'none'}", style="cyan")
    notes = Text(figures.as_of(summary), style="yellow" if summary.as_it_stood else "dim")
    if not summary.rows:
        return Group(heading, Text(), *_nothing(summary), Text(), notes)
    return Group(heading, _table(summary), *_unpriced(summary), notes)


def _table(summary: Summary) -> Table:
    lines = figures.lines(summary)
    total = figures.total_line(summary)
    with_keys = any(line.key for line in lines)
    table = Table(box=SIMPLE_HEAD, show_footer=True, pad_edge=False, footer_style="bold")
    table.add_column(
        figures.HEADINGS[summary.by], footer="Total", max_width=LONGEST_NAME, overflow="ellipsis", no_wrap=True
    )
    if with_keys:
        table.add_column("Code", style="dim", no_wrap=True)
    for label, amount in zip(_COLUMNS, _amounts(total), strict=True):
        table.add_column(label, footer=amount, justify="right", no_wrap=True)
    if summary.total.unpriced_lines:
        table.add_column("", footer=Text(total.tag, style="yellow"), no_wrap=True)
    for line in lines:
        cells = [Text(printable(line.name), style="" if line.known else "dim")]
        cells += [Text(printable(line.key))] if with_keys else []
        cells += [Text(amount) for amount in _amounts(line)]
        cells += [Text(line.tag, style="yellow")] if summary.total.unpriced_lines else []
        table.add_row(*cells)
    return table


def _amounts(line: figures.Line) -> tuple[str, ...]:
    return line.jobs, line.area, line.ink, line.cost, line.price, line.margin


def _unpriced(summary: Summary) -> list[Text]:
    missing = summary.total.unpriced_lines
    if not missing:
        return []
    lack = f"{numbers.counted(missing, 'line')} {'lacks' if missing == 1 else 'lack'} a cost or a price"
    return [
        Text(f"{lack}; these amounts leave out what is missing.", style="yellow"),
        Text("Add a rate to a price list: `inkmeter prices list`.", style="yellow"),
    ]


def _nothing(summary: Summary) -> list[Text]:
    wider = "ask again without a filter, or " if summary.filters else ""
    return [
        Text("Nothing was printed in this period."),
        Text(f"To find jobs, {wider}choose another period such as --period last-month."),
        Text("If there should be some: `inkmeter printers list` and `inkmeter jobs list` show what has arrived."),
    ]
