"""Metrics of the collector: each declared once, with its unit and what to do about it."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

JOURNAL_BACKLOG = Gauge(
    "inkmeter_collector_journal_backlog_records",
    "Records in the journal that Kafka does not have yet. Growing: is Kafka up?",
)
JOURNAL_OLDEST_S = Gauge(
    "inkmeter_collector_journal_oldest_seconds",
    "How long the oldest of them has waited, in seconds. Above 60: is Kafka up?",
)
JOURNAL_REFUSED = Gauge(
    "inkmeter_collector_journal_refused_records",
    "Records too large for Kafka. Above 0: raise max.message.bytes of the topic, restart the collector.",
)
PUBLISHED = Counter("inkmeter_collector_published_total", "Records that Kafka has acknowledged.", ["topic"])
JOBS = Counter("inkmeter_collector_jobs_total", "Jobs journaled for the first time, by source.", ["source"])
MERGED = Counter(
    "inkmeter_collector_merged_readings_total",
    "Readings of a job that another source had told of; they are no second job.",
    ["source"],
)
FOLLOWED = Counter(
    "inkmeter_collector_followed_total", "Jobs of devices read here that another collector told, or corrected."
)
UNKNOWN = Counter(
    "inkmeter_collector_unknown_total",
    "What counters counted and no job told, booked on Unknown, in the counter's unit. Growing: which printer? "
    "`inkmeter printers reconciliation` tells.",
    ["unit"],
)
DUPLICATES = Counter(
    "inkmeter_collector_duplicate_jobs_total", "Jobs brought again by HTTP; they are not journaled twice."
)
LOOKS = Counter("inkmeter_collector_looks_total", "Looks at printers, by how they ended.", ["outcome"])
LATE_LOOKS = Counter(
    "inkmeter_collector_late_looks_total",
    "Looks more than 60 s after the last at a printer that answers; it may forget jobs in between. Growing: "
    "raise INKMETER_POLL_CONCURRENCY, lower INKMETER_POLL_INTERVAL_S.",
)
PRINTERS_FAILING = Gauge(
    "inkmeter_collector_printers_failing",
    "Printers whose last look failed. Above 0: `inkmeter printers list` says which and why.",
)
FILES = Counter(
    "inkmeter_collector_files_total",
    "Files of watched folders, by how they ended. Refused: `inkmeter folders` says why.",
    ["folder", "outcome"],
)
FILE_RECORDS = Counter(
    "inkmeter_collector_file_records_total",
    "Records of files, by what became of them. Refused: the file <name>.rejects.jsonl beside it says why.",
    ["folder", "outcome"],
)
PRINTERS_OWNED = Gauge(
    "inkmeter_collector_printers_owned",
    "Printers that this collector reads. Over all collectors fewer than are enabled, for more than a minute: "
    "`inkmeter printers list` says which are not read.",
)
EVENT_SERVERS = Gauge(
    "inkmeter_collector_event_servers",
    "CUPS servers whose events are read. Fewer than there are: ended jobs are found by polling only.",
)
EVENTS = Counter("inkmeter_collector_events_total", "Events that CUPS servers told.")
WINDOWS_JOBS = Counter(
    "inkmeter_collector_windows_jobs_total",
    "Jobs of Windows print servers, by whether their event 805 came in time. Many without: is the log whole?",
    ["events"],
)
DEVICE_LOOKS = Counter(
    "inkmeter_collector_device_looks_total", "Readings of devices by SNMP, by how they ended.", ["outcome"]
)
TRAPS = Counter(
    "inkmeter_collector_traps_total", "SNMP traps, by whether a printer that is read here sent them.", ["sender"]
)
