"""The chart of cost and price: an Altair specification drawn as SVG whose colours are the page's own variables."""

from __future__ import annotations

import re
from typing import Any, Final

import altair as alt
import vl_convert
from markupsafe import Markup

from services.reporting.numbers import prefix
from services.reporting.trend import Trend

WIDE_PX: Final = 1_080
NARROW_PX: Final = 340
HEIGHT_PX: Final = 190
WIDEST_BAR_PX: Final = 26
_GEOMETRY: Final = re.compile(r' (?:d|transform)="[^"]*"')
_DIGITS: Final = re.compile(r"(\.\d\d)\d+")
"""A hundredth of a pixel is plenty; Vega writes fourteen digits, which makes four fifths of the drawing."""
_LABELS: Final = {"labelColor": "var(--faint)", "labelFont": "sans-serif", "labelFontSize": 11}
"""The font only measures; the page's style sheet sets its own."""
_LABEL_PX: Final = {"one_month": 26, "day": 44, "month": 50}
"""How much room a label of the time axis needs, by its form."""


def draw(trend: Trend, *, currency: str, width_px: int = WIDE_PX) -> Markup:
    """The chart as an SVG element without script, fonts or fixed colours; takes a second at its first call."""
    svg: str = vl_convert.vegalite_to_svg(specification(trend, currency=currency, width_px=width_px))
    svg = _GEOMETRY.sub(lambda found: _DIGITS.sub(r"\1", found[0]), svg)
    return Markup(svg)  # noqa: S704 - made by Vega from days and numbers, no foreign text goes in


def specification(trend: Trend, *, currency: str, width_px: int) -> dict[str, Any]:
    """The Vega-Lite specification; amounts go in as exact strings and become numbers only in the drawing."""
    values = [
        {"at": point.at, "book": book, "amount": str(amount)}
        for point in trend.points
        for book, amount in (("price", point.price), ("cost", point.cost))
    ]
    chart = (
        alt.Chart({"values": values, "format": {"parse": {"amount": "number"}}})
        .mark_bar(cornerRadius=2, aria=False)
        .encode(
            x=alt.X("at:O", sort=None, axis=_time_axis(trend, width_px), scale=_band(len(trend.points), width_px)),
            xOffset=alt.XOffset("book:N", sort=None, scale=alt.Scale(paddingInner=0.08)),
            y=alt.Y("amount:Q", axis=_money_axis(currency), scale=alt.Scale(nice=4)),
            color=alt.Color(
                "book:N",
                legend=None,
                scale=alt.Scale(domain=["price", "cost"], range=["var(--accent)", "var(--line-strong)"]),
            ),
        )
        .properties(width=width_px, height=HEIGHT_PX, background="transparent")
        .properties(autosize=alt.AutoSizeParams(type="fit-x", contains="padding"), padding=0)
        .configure_view(stroke=None)
        .configure_axis(gridColor="var(--line)", **_LABELS)
    )
    made: dict[str, Any] = chart.to_dict()
    return made


def _time_axis(trend: Trend, width_px: int) -> alt.Axis:
    months = {point.at[:7] for point in trend.points}
    days = "one_month" if len(months) == 1 and len(trend.points) > 1 else "day"
    form = "month" if trend.unit == "month" else days
    words = {
        "one_month": "toNumber(slice(datum.value, 8))",
        "day": "utcFormat(toDate(datum.value), '%-d %b')",
        "month": "utcFormat(toDate(datum.value), '%b %y')",
    }[form]
    room = max(1, (width_px - 50) // _LABEL_PX[form])
    every = -(-len(trend.points) // room)
    shown = [point.at for point in trend.points[::every]]
    return alt.Axis(
        title=None, values=shown, labelExpr=words, labelAngle=0, labelPadding=6, domain=False, ticks=False
    )


def _band(count: int, width_px: int) -> alt.Scale:
    """Bars fill about three quarters of the room, but never grow wider than WIDEST_BAR_PX."""
    percent_free = max(26, 100 - 200 * WIDEST_BAR_PX * count // width_px)
    return alt.Scale(paddingInner=percent_free / 100, paddingOuter=percent_free / 200)


def _money_axis(currency: str) -> alt.Axis:
    sign = prefix(currency).replace("'", "")
    return alt.Axis(
        title=None,
        labelExpr=f"datum.value == 0 ? '0' : '{sign}' + format(datum.value, ',.6~r')",
        tickCount=4,
        labelPadding=8,
        minExtent=0,
        domain=False,
        ticks=False,
    )
