"""HTTP of reporting: summaries as JSON, CSV or a page."""

from __future__ import annotations

import asyncio
from datetime import UTC
from typing import Final

from prometheus_client import Histogram

from services.reporting.answer import SummaryAnswer, answer
from services.reporting.question import Format, Question, SummaryQuery, format_of, read_question
from services.reporting.render import page
from services.reporting.render.csv_table import to_csv
from services.reporting.store import Store
from shared.clock import Clock
from shared.http.routes import Answer, Call, Route

SUMMARY_SECONDS = Histogram(
    "inkmeter_reporting_summary_seconds",
    "Time to answer a summary, in seconds. Long from the ledger: ask for shorter periods or without filters.",
    ["source", "format"],
)
_DESCRIPTION: Final = """\
Sums of one period by one thing, from the day rollups. With filters, or in a time zone other than the
installation's, every ledger line is counted instead, and `source` says `ledger`.
A filter that is given but empty wants the jobs that name none.
Days are those that lines are booked on: what came for a month after it was closed counts in the first open one.
`as_of` answers as the ledger stood at a moment; what was being written at that very moment may be missing."""


class SummaryApi:
    """Answers `GET /v1/summary`; the page is drawn in a thread, one at a time."""

    def __init__(self, store: Store, clock: Clock, *, timezone: str) -> None:
        self._store = store
        self._clock = clock
        self._timezone = timezone
        self._drawing = asyncio.Lock()

    def routes(self) -> list[Route]:
        """The routes to serve."""
        return [
            Route(
                method="GET",
                path="/v1/summary",
                handler=self.summary,
                summary="Sums of a period by printer, person, project, customer, media, day and others.",
                description=_DESCRIPTION,
                query=SummaryQuery,
                answer=SummaryAnswer,
                answers_with=("application/json", "text/csv", "text/html"),
            )
        ]

    async def summary(self, call: Call) -> Answer:
        """Reads the question, answers it in the form that is wanted."""
        query: SummaryQuery = call.query
        question = read_question(query, now=self._clock.now(), timezone=self._timezone)
        form = format_of(query, call.headers.get("Accept", ""))
        with SUMMARY_SECONDS.labels(question.source(self._timezone), form).time():
            if form == "html":
                return await self._page(question)
            summary = await self._store.summary(question)
            if form == "csv":
                return Answer(
                    to_csv(summary, bom=query.bom), content_type="text/csv", headers=_named(question, form)
                )
            return Answer(answer(summary), headers={"Vary": "Accept"})

    async def _page(self, question: Question) -> Answer:
        report = await self._store.report(question)
        async with self._drawing:
            html = await asyncio.to_thread(page.to_html, report.summary, report.trend, unpriced=report.unpriced)
        policy = {"Content-Security-Policy": page.CONTENT_SECURITY_POLICY}
        return Answer(html, content_type="text/html", headers={**_named(question, "html"), **policy})


def _named(question: Question, form: Format) -> dict[str, str]:
    """Headers that give a saved answer its name; a page opens in the browser, a table is saved."""
    way = "inline" if form == "html" else "attachment"
    return {"Content-Disposition": f'{way}; filename="{file_name(question, form)}"', "Vary": "Accept"}


def file_name(question: Question, form: Format) -> str:
    """What a saved summary is called: inkmeter-project-2026-11-01-2026-11-30.csv."""
    period = question.period
    stood = f"-as-of-{question.as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}" if question.as_of else ""
    return f"inkmeter-{question.by}-{period.first_day}-{period.last_day}{stood}.{form}"
