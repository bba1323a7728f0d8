"""(c) Faust as its documentation shows it: typed records, one event at a time, an INSERT for each."""

from __future__ import annotations

import sys

import faust
import psycopg

from bench.peers.job import CHARGE_COLUMNS, JOB_COLUMNS, Numbers, now, rows
from bench.peers.spec import Progress, load


class Line(faust.Record):
    media: str
    width_um: int
    length_um: int
    printed_area_mm2: int
    used_area_mm2: int
    category: str
    colour_mode: str
    ink_ul: dict[str, int]
    impressions: int
    sheets: int


class Ref(faust.Record):
    id: str
    key: str
    device_job_id: str
    source: str


class Printer(faust.Record):
    id: str


class Person(faust.Record):
    claimed: str


class Job(faust.Record):
    job: Ref
    printer: Printer
    person: Person
    project: str
    department: str
    title: str
    copies: int
    submitted_at: str
    completed_at: str
    lines: list[Line]


class Event(faust.Record):
    data: Job


def insert(table: str, columns: tuple[tuple[str, str], ...]) -> bytes:
    """One row; one that is there already stays."""
    names = ", ".join(name for name, _ in columns)
    places = ", ".join("%b" for _ in columns)
    return f"INSERT INTO accounting.{table} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING".encode()


spec = load()
app = faust.App(
    spec.group,
    broker=f"kafka://{spec.bootstrap}",
    store="memory://",
    # Settings from "Configuration Reference" of Faust's user guide:
    web_enabled=False,
    topic_disable_leader=True,
    topic_allow_declare=False,
    stream_wait_empty=False,
    broker_commit_every=100_000,
    consumer_auto_offset_reset="earliest",
    worker_redirect_stdouts=False,
)
jobs = app.topic(spec.topic, value_type=Event, value_serializer="json", key_type=bytes, key_serializer="raw")
progress = Progress(spec)
INSERT_JOB = insert("job", JOB_COLUMNS).replace(b"%b", b"%s")
INSERT_CHARGE = insert("charge", CHARGE_COLUMNS).replace(b"%b", b"%s")


@app.agent(jobs)
async def post(stream: faust.StreamT[Event]) -> None:
    """The agent of the user guide's "Agents": `async for event in stream`. No rollups, so less work than ours."""
    async with await psycopg.AsyncConnection.connect(spec.conninfo, autocommit=True) as connection:
        with psycopg.connect(spec.conninfo) as plain:
            numbers = Numbers(plain)
        async for event in stream:
            row, charges = rows(event.data, numbers, now())
            async with connection.pipeline(), connection.transaction():
                await connection.execute(INSERT_JOB, row)
                for charge in charges:
                    await connection.execute(INSERT_CHARGE, charge)
            progress.add(1, every=100)


if __name__ == "__main__":
    sys.argv[1:] = ["worker", "-l", "warning", "--without-web"]
    app.main()
