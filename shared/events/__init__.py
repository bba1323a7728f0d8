"""Event types: one Struct per type and major version; only optional fields are ever added."""

from __future__ import annotations

from shared.events.charges import CHARGE_POSTED, ChargePosted, ChargePostedEvent
from shared.events.dead_letters import DEAD_LETTER, DeadLetter, DeadLetterEvent
from shared.events.envelope import CloudEvent
from shared.events.jobs import JOB_COMPLETED, JobCompleted, JobCompletedEvent
from shared.events.people import PERSON_CHANGED, PersonChanged, PersonChangedEvent
from shared.events.printers import PRINTER_CHANGED, PrinterChanged, PrinterChangedEvent
from shared.events.projects import PROJECT_CHANGED, ProjectChanged, ProjectChangedEvent

EVENT_TYPES: dict[str, type] = {
    JOB_COMPLETED: JobCompletedEvent,
    PRINTER_CHANGED: PrinterChangedEvent,
    PERSON_CHANGED: PersonChangedEvent,
    PROJECT_CHANGED: ProjectChangedEvent,
    CHARGE_POSTED: ChargePostedEvent,
    DEAD_LETTER: DeadLetterEvent,
}
"""Every event type that is produced, by its CloudEvents `type`."""

__all__ = [
    "CHARGE_POSTED",
    "DEAD_LETTER",
    "EVENT_TYPES",
    "JOB_COMPLETED",
    "PERSON_CHANGED",
    "PRINTER_CHANGED",
    "PROJECT_CHANGED",
    "ChargePosted",
    "ChargePostedEvent",
    "CloudEvent",
    "DeadLetter",
    "DeadLetterEvent",
    "JobCompleted",
    "JobCompletedEvent",
    "PersonChanged",
    "PersonChangedEvent",
    "PrinterChanged",
    "PrinterChangedEvent",
    "ProjectChanged",
    "ProjectChangedEvent",
]
