"""The table of a run: medians, ratios, and whether each target is reached."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final, NamedTuple

from bench.run import Result

NAMES: Final = {
    "ours-1": "ledger, one worker",
    "ours-2": "ledger, two workers",
    "service": "whole service, with relay",
    "l1": "L1: psql \\copy of the same rows",
    "a": "(a) Quix Streams, PostgreSQLSink upsert",
    "b": "(b) Faust, take + SQL per batch",
    "c": "(c) Faust, INSERT per event",
    "d": "(d) FastStream, batch + the same SQL",
}


class Target(NamedTuple):
    """`over` measured in jobs/s must be at least `at_least` times `under`."""

    over: str
    under: str
    at_least: float


TARGETS: Final = (
    Target("ours-1", "l1", 0.55),
    Target("ours-2", "l1", 0.70),
    Target("service", "l1", 0.55),
    Target("ours-1", "a", 6.0),
    Target("ours-1", "b", 10.0),
    Target("ours-1", "c", 25.0),
    Target("ours-1", "d", 2.5),
)
MAX_RSS_MB: Final = 300


def table(results: Sequence[Result]) -> str:
    """Markdown: one row per pipeline, then one per target."""
    by: dict[str, list[Result]] = {}
    for each in results:
        by.setdefault(each.pipeline, []).append(each)
    lines = [
        "| pipeline | jobs/s | min-max | client us/job | server us/job | WAL B/job | peak RSS MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name in [each for each in NAMES if each in by]:
        some = by[name]
        rates = [each.jobs_per_s for each in some]
        rss_mb = _median(some, "peak_rss_mb")
        lines.append(
            f"| {NAMES[name]} | {median(rates):,.0f} | {min(rates):,.0f}-{max(rates):,.0f} "
            f"| {_median(some, 'client_us_per_job'):.1f} | {_median(some, 'server_us_per_job'):.1f} "
            f"| {_median(some, 'wal_bytes_per_job'):,.0f} | {f'{rss_mb:.0f}' if rss_mb else ''} |"
        )
    lines += ["", "| ratio | measured | min-max of rounds | target | |", "|---|---:|---:|---:|---|"]
    for target in TARGETS:
        if target.over in by and target.under in by:
            lines.append(_target(target, by))
    for name in ("ours-1", "ours-2"):
        if name in by:
            rss = max(each.peak_rss_mb for each in by[name])
            steady = _median(by[name], "steady_jobs_per_s")
            if "l1" in by and steady:
                ratio = steady / _median(by["l1"], "jobs_per_s")
                lines.append(f"| {NAMES[name]} from its first commit on / {NAMES['l1']} | {ratio:.2f} | | | |")
            word = _word(rss < MAX_RSS_MB)
            lines.append(f"| memory of {NAMES[name]}, each | {rss:.0f} MB | | < {MAX_RSS_MB} MB | {word} |")
    if "service" in by and "l1" in by:
        ratio = _median(by["service"], "relayed_jobs_per_s") / _median(by["l1"], "jobs_per_s")
        lines.append(f"| {NAMES['service']}, until all is told / {NAMES['l1']} | {ratio:.2f} | | | |")
    return "\n".join(lines)


def _target(target: Target, by: dict[str, list[Result]]) -> str:
    """The ratio of the medians, and the ratios round by round."""
    under = {each.round: each.jobs_per_s for each in by[target.under]}
    ratio = _median(by[target.over], "jobs_per_s") / median(under.values())
    rounds = [each.jobs_per_s / under[each.round] for each in by[target.over] if each.round in under]
    span = f"{min(rounds):.2f}-{max(rounds):.2f}" if rounds else ""
    return (
        f"| {NAMES[target.over]} / {NAMES[target.under]} | {ratio:.2f} | {span} "
        f"| >= {target.at_least:g} | {_word(ratio >= target.at_least)} |"
    )


def _word(reached: bool) -> str:
    return "reached" if reached else "not reached"


def _median(results: Sequence[Result], field: str) -> float:
    return float(median(getattr(each, field) for each in results))
