"""`/v1/price-books/{name}/check` and `.../publish`: what publishing a draft would do, and doing it."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from services.accounting.books.publishing import RefusedPublication
from services.accounting.books.store import PriceBooks
from services.accounting.http.price_effects import PriceBookEffect, effect_item
from services.accounting.http.price_items import PriceBookItem, VersionNumber, shown
from services.accounting.pricelist.coverage import Code, Finding, in_order
from services.accounting.rerate.draft_effects import DraftEffects, unpriced_findings
from shared.errors import Conflict
from shared.http import problems
from shared.http.body import read_json
from shared.http.headers import ETAG, IF_MATCH
from shared.http.problems import Problem
from shared.http.routes import Answer, Call, Route


class Publication(Struct, frozen=True):
    """How to publish.

    Attributes:
        default: makes the list the one that counts in its book.
        accept: codes of errors that the checks may find and that do not stop the publication.
    """

    default: bool = False
    accept: tuple[Code, ...] = ()


class Check(Struct, frozen=True):
    """What to check.

    Attributes:
        version: the newest without.
        default: whether the list is to become the one that counts in its book.
        effect: whether to price last month's jobs again by it, which takes seconds for millions of lines.
    """

    version: VersionNumber | None = None
    default: bool = False
    effect: bool = True


class PriceBookCheck(PriceBookItem, frozen=True, kw_only=True):
    """A version, and what there is to say of its publication, errors first; nothing of one that is published.

    Attributes:
        effect: on last month's jobs, as if it had counted all the month wherever its list is assigned, or by
            default where it is assigned nowhere; null where it was not asked for.
    """

    findings: list[Finding]
    effect: PriceBookEffect | None


class Refusal(Problem, frozen=True, kw_only=True):
    """The problem of a publication that would do harm: all findings, errors first."""

    findings: list[Finding]


class PricePublicationApi:
    """The routes that check and publish drafts."""

    def __init__(self, store: PriceBooks, effects: DraftEffects, *, currency: str) -> None:
        self._store = store
        self._effects = effects
        self._currency = currency

    def routes(self) -> list[Route]:
        """Both of them."""
        one = "/v1/price-books/{name}"
        return [
            Route(method="POST", path=f"{one}/check", handler=self._check, parse=_check, body=Check,
                  answer=PriceBookCheck, errors=(404,),
                  summary="Say what publishing a draft would leave, and what it would have changed last month."),
            Route(method="POST", path=f"{one}/publish", handler=self._publish, parse=_publication,
                  body=Publication, answer=PriceBookItem, errors=(404, 409), takes=(IF_MATCH,), gives=(ETAG,),
                  summary="Publish a draft; from then on it never changes. Publishing twice is publishing once.",
                  description="Errors that the checks find refuse it (409, with `findings`), unless `accept` "
                  "names their codes."),
        ]  # fmt: skip

    async def _check(self, call: Call) -> PriceBookCheck:
        body = call.body
        done = await self._store.check(call.path["name"], body.version, make_default=body.default)
        draft = done.version
        fields = shown(draft, await self._store.defaults(), self._store.zone)
        if draft.state == "published" or not body.effect:
            return PriceBookCheck(**fields, findings=done.findings, effect=None)
        effect = await self._effects.of(draft, make_default=body.default)
        return PriceBookCheck(
            **fields,
            findings=in_order([*done.findings, *unpriced_findings(draft, effect)]),
            effect=effect_item(effect, draft.book, self._currency),
        )

    async def _publish(self, call: Call) -> Answer:
        name = call.path["name"]
        told = (await self._store.get(name)).definition["currency"]
        if told != self._currency:
            raise Conflict(
                f"{name} is in {told}, and this installation counts in {self._currency}: import it anew."
            )
        try:
            published, _ = await self._store.publish(
                name,
                by=call.actor,
                make_default=call.body.default,
                accept=call.body.accept,
                if_match=call.if_match,
            )
        except RefusedPublication as refused:
            return _refusal(refused)
        item = PriceBookItem(**shown(published, await self._store.defaults(), self._store.zone))
        return Answer(item, headers={"ETag": published.etag})


def _refusal(refused: RefusedPublication) -> Answer:
    """The problem document of a refusal, with the findings as members of its own (RFC 9457, section 3.2)."""
    problem = problems.problem_of(refused)
    body = Refusal(**msgspec.structs.asdict(problem), findings=refused.findings)
    return Answer(msgspec.json.encode(body), status=problem.status, content_type=problems.CONTENT_TYPE)


def _check(raw: bytes, content_type: str) -> Check:
    del content_type
    return read_json(raw, Check) if raw else Check()


def _publication(raw: bytes, content_type: str) -> Publication:
    del content_type
    return read_json(raw, Publication) if raw else Publication()
