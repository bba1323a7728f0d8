"""How long a job takes from the producer to its commit at a steady 2,000 events/s: `make bench-latency`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice

import psycopg

from bench import events
from bench.ours import TAKEN, TOPIC, start, wait
from bench.run import Processes, Run, run_of
from bench.servers import OURS, servers
from shared.kafka import EVENT_HEADERS, make_producer
from shared.kafka import start as started

RATE = 2_000
WARM_UP_S = 5.0
TICK_S = 0.01
AT_MOST_MS = 350
AT = "SELECT partition, next_offset FROM accounting.offsets WHERE topic = %s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Tells jobs at the rate, watches the offsets that are committed with them, prints the quantiles."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    asked = parser.parse_args(arguments)
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.default_int_handler)
    # Those that are in Kafka already warm the worker up: what is told later finds it at work.
    with servers(1_000, 100) as running, run_of(running, "latency", 0, OURS) as run:
        processes = Processes(run.folder)
        try:
            start(run, processes, 0, "bench.worker")
            wait(run, processes, TAKEN, run.content.records)
            with watched(run) as commits:
                told_at = asyncio.run(_tell(run, asked.seconds))
                give_up_s = time.monotonic() + 60
                while any(not commits.get(at, 0) for at in told_at) and time.monotonic() < give_up_s:
                    time.sleep(0.05)
            spent_ms = sorted((commits[at] - told_s) * 1_000 for at, told_s in told_at.items())
        finally:
            processes.close(gently=True)
    p50, p99 = (spent_ms[int(len(spent_ms) * share)] for share in (0.5, 0.99))
    word = "reached" if p99 <= AT_MOST_MS else "not reached"
    sys.stdout.write(
        f"| produce -> committed at {RATE:,} events/s | ms | target | |\n|---|---:|---:|---|\n"
        f"| p50 | {p50:.0f} | | |\n| p99 | {p99:.0f} | <= {AT_MOST_MS} | {word} |\n"
    )
    return 0


@contextmanager
def watched(run: Run) -> Iterator[dict[tuple[int, int], float]]:
    """When each record, by partition and offset, was first seen committed, to within 5 ms."""
    commits: dict[tuple[int, int], float] = {}
    ended = threading.Event()

    def watch() -> None:
        reached: dict[int, int] = {}
        with psycopg.connect(run.url, autocommit=True) as connection:
            while not ended.wait(0.005):
                for partition, at in connection.execute(AT, [TOPIC]).fetchall():
                    now = time.monotonic()
                    commits.update({(partition, offset): now for offset in range(reached.get(partition, 0), at)})
                    reached[partition] = at

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield commits
    finally:
        ended.set()
        thread.join()


async def _tell(run: Run, seconds: int) -> dict[tuple[int, int], float]:
    """When each job was handed to the producer, by where it came to lie, without those of the first seconds."""
    bootstrap = run.servers.kafka.bootstrap
    producer = await started(make_producer(bootstrap, "latency", linger_ms=5), bootstrap)
    source = events.events(RATE * (seconds + int(WARM_UP_S)))
    sent = []
    try:
        began_s = time.monotonic()
        for tick in range(int((seconds + WARM_UP_S) / TICK_S)):
            await asyncio.sleep(max(0.0, began_s + tick * TICK_S - time.monotonic()))
            for each in islice(source, int(RATE * TICK_S)):
                now_s = time.monotonic()
                value, headers = each.value, list(EVENT_HEADERS)
                told = await producer.send(
                    TOPIC, value=value, key=each.key, partition=each.partition, headers=headers
                )
                sent.append((now_s, told))
        places = [(now_s, await told) for now_s, told in sent]
    finally:
        await producer.stop()
    return {(at.partition, at.offset): now_s for now_s, at in places if now_s - began_s >= WARM_UP_S}


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
