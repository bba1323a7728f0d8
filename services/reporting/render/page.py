"""A summary as one self-contained HTML page: no script, nothing fetched, light and dark from one style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from services.reporting.answer import moment
from services.reporting.render import chart, figures
from services.reporting.summary import Summary
from services.reporting.trend import Trend
from shared.periods import title
from shared.version import version

MAX_LINES: Final = 1_000
"""More rows than this are for a spreadsheet; the page says how many it leaves out."""
CONTENT_SECURITY_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_SHEETS: Final = ("tokens.css", "summary.css")


def to_html(summary: Summary, trend: Trend, *, unpriced: Sequence[str] = ()) -> str:
    """The page; drawing its chart takes up to a second of processor time, so call it off the event loop.

    Args:
        summary: what to show.
        trend: cost and price through the period.
        unpriced: names of the media that lack a price, the worst first.
    """
    drawn = not trend.flat
    return _template().render(
        summary=summary,
        heading=figures.HEADINGS[summary.by],
        period=title(summary.period),
        as_of=figures.as_of(summary),
        as_of_exact=moment(summary.as_of.replace(microsecond=0)),
        cards=figures.cards(summary, unpriced),
        unit=trend.unit,
        chart_wide=chart.draw(trend, currency=summary.currency) if drawn else None,
        chart_narrow=chart.draw(trend, currency=summary.currency, width_px=chart.NARROW_PX) if drawn else None,
        lines=figures.lines(summary)[:MAX_LINES],
        left_out=max(0, len(summary.rows) - MAX_LINES),
        total=figures.total_line(summary),
        style=_style(),
        version=version(),
    )


@cache
def _style() -> Markup:
    folder = files("services.reporting") / "static"
    return Markup("\n".join((folder / name).read_text(encoding="utf-8") for name in _SHEETS))  # noqa: S704 - ours


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("services.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("summary.html")
