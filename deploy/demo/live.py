"""Prints live jobs on the simulated printers at a set rate, as people's computers would: by IPP Print-Job."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count
from random import Random
from typing import Final

import structlog

from deploy.demo.attributes import media_col
from deploy.demo.cast import DEPARTMENTS, DRAWINGS, PAPERS, PEOPLE, POSTERS, PROJECTS
from deploy.demo.history import SIZES, pick
from deploy.demo.models import MFP, TX4100, known_size
from deploy.demo.server import Serving
from services.collector.sources.ipp.client import Address, IppClient
from services.collector.sources.ipp.message import Attribute, Group, Message, collection
from services.collector.sources.ipp.tags import GroupTag, Operation, Tag
from services.collector.sources.ipp.view import View
from shared.errors import Reject, Retry

CANCELLED_IN_100: Final = 4
MAX_PAGES: Final = 4
DOCUMENT: Final = b"%PDF-1.4\n% a simulated printer prints nothing\n%%EOF\n"
_log = structlog.get_logger(__name__)
_request_ids = count(1)


async def print_live(served: Sequence[Serving], *, jobs_per_minute: float, random: Random) -> None:
    """Prints for ever; jobs come at random moments, on average at the rate."""
    if jobs_per_minute <= 0:
        await asyncio.Event().wait()
    while True:
        await _print_one(served, random)
        await asyncio.sleep(min(random.expovariate(jobs_per_minute / 60), 300 / jobs_per_minute))


async def _print_one(served: Sequence[Serving], random: Random) -> None:
    person = pick(random, [(one, round(one.jobs_a_day * 10)) for one in PEOPLE])
    department = next(one for one in DEPARTMENTS if one.code == person.department)
    key = pick(random, list(department.weights.items()))
    chosen = next(one for one in served if one.model.key == key)
    client = IppClient(Address.parse(chosen.uri))
    try:
        answer = await client.send(_print_job(chosen, person.login, random))
        number = View(answer.first(GroupTag.JOB)).integer("job-id")
        if number is not None and random.randrange(100) < CANCELLED_IN_100:
            await client.send(_cancel_job(chosen.uri, number, person.login))
    except (Retry, Reject) as error:
        _log.warning("demo_job_not_printed", printer=chosen.model.key, reason=str(error))
    finally:
        await client.close()


def _print_job(to: Serving, login: str, random: Random) -> Message:
    """A Print-Job with what drivers send: who, what for, which medium, how many."""
    model = to.model
    project = pick(random, [(one, one.share) for one in PROJECTS])
    titles = PAPERS if model is MFP else POSTERS if model is TX4100 else DRAWINGS
    loaded = pick(random, [(one, 3 - index) for index, one in enumerate(model.inputs)])
    name = loaded.size_name if model is MFP else pick(random, SIZES[model.key])
    colour = random.randrange(100) < (30 if model is MFP else 60)
    media = media_col(known_size(name), source=loaded.source, media_type=loaded.media_type)
    operation = (
        *_head(to.uri, login),
        Attribute.of("job-name", Tag.NAME, f"{project.code} {random.choice(titles)}.pdf"),
        Attribute.of("document-format", Tag.MIME_TYPE, "application/pdf"),
    )
    job = (
        Attribute.of("job-impressions", Tag.INTEGER, random.randint(1, MAX_PAGES)),
        Attribute.of("job-account-id", Tag.NAME, project.code),
        Attribute.of("copies", Tag.INTEGER, pick(random, ((1, 85), (2, 12), (3, 3)))),
        Attribute.of("print-color-mode", Tag.KEYWORD, "color" if colour else "monochrome"),
        Attribute.of("print-quality", Tag.ENUM, 4),
        Attribute.of("sides", Tag.KEYWORD, random.choice(model.sides[:2])),
        collection("media-col", media),
    )
    groups = (Group(GroupTag.OPERATION, operation), Group(GroupTag.JOB, job))
    return Message(Operation.PRINT_JOB, next(_request_ids), groups, document=DOCUMENT)


def _cancel_job(uri: str, number: int, login: str) -> Message:
    head = (*_head(uri, login)[:3], Attribute.of("job-id", Tag.INTEGER, number), _head(uri, login)[3])
    return Message(Operation.CANCEL_JOB, next(_request_ids), (Group(GroupTag.OPERATION, head),))


def _head(uri: str, login: str) -> tuple[Attribute, Attribute, Attribute, Attribute]:
    return (
        Attribute.of("attributes-charset", Tag.CHARSET, "utf-8"),
        Attribute.of("attributes-natural-language", Tag.LANGUAGE, "en"),
        Attribute.of("printer-uri", Tag.URI, uri),
        Attribute.of("requesting-user-name", Tag.NAME, login),
    )
