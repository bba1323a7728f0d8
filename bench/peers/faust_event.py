"""(c) Faust as its documentation shows it: typed records, one event at a time, an INSERT for each."""

from __future__ import annotations

import sys
from functools import cache
from itertools import chain

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
    impressions: int
    sheets: int
    ink_ul: dict[str, int] | None = None


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
    completed_at: str
    lines: list[Line]


class Event(faust.Record):
    data: Job


@cache
def insert(lines: int) -> bytes:
    """A job and its lines by one statement, so one round trip; what is there already stays."""

    def into(table: str, columns: tuple[tuple[str, str], ...], rows_: int) -> str:
        names = ", ".join(name for name, _ in columns)
        places = ", ".join("%s" for _ in columns)
        values = ", ".join([f"({places})"] * rows_)
        return f"INSERT INTO accounting.{table} ({names}) VALUES {values} ON CONFLICT DO NOTHING"

    return f"WITH job AS ({into('job', JOB_COLUMNS, 1)}) {into('charge', CHARGE_COLUMNS, lines)}".encode()


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


@app.agent(jobs)
async def post(stream: faust.StreamT[Event]) -> None:
    """The agent of the user guide's "Agents": `async for event in stream`. No rollups, so less work than ours."""
    async with await psycopg.AsyncConnection.connect(spec.conninfo, autocommit=True) as connection:
        with psycopg.connect(spec.conninfo) as plain:
            numbers = Numbers(plain)
        async for event in stream:
            row, charges = rows(event.data, numbers, now())
            await connection.execute(insert(len(charges)), [*row, *chain.from_iterable(charges)])
            progress.add(1, every=100)


if __name__ == "__main__":
    sys.argv[1:] = ["worker", "-l", "warn", "--without-web"]
    app.main()
