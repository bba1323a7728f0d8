"""Event types: one Struct per type and major version; only optional fields are ever added."""

from __future__ import annotations

from shared.events.aggregates import AGGREGATE_CHANGED, AggregateChanged, AggregateChangedEvent
from shared.events.alerts import ALERT_RAISED, AlertRaised, AlertRaisedEvent
from shared.events.authorizations import JOB_AUTHORIZED, JobAuthorized, JobAuthorizedEvent
from shared.events.charges import CHARGE_POSTED, ChargePosted, ChargePostedEvent
from shared.events.dead_letters import DEAD_LETTER, DeadLetter, DeadLetterEvent
from shared.events.devices import (
    DEVICE_ALERT,
    DEVICE_CHANGED,
    DeviceAlert,
    DeviceAlertEvent,
    DeviceChanged,
    DeviceChangedEvent,
)
from shared.events.envelope import CloudEvent
from shared.events.job_corrections import JOB_CORRECTED, JobCorrected, JobCorrectedEvent
from shared.events.jobs import JOB_COMPLETED, JobCompleted, JobCompletedEvent
from shared.events.people import PERSON_CHANGED, PersonChanged, PersonChangedEvent
from shared.events.printers import PRINTER_CHANGED, PrinterChanged, PrinterChangedEvent
from shared.events.projects import (
    CUSTOMER_CHANGED,
    PROJECT_CHANGED,
    CustomerChanged,
    CustomerChangedEvent,
    ProjectChanged,
    ProjectChangedEvent,
)

EVENT_TYPES: dict[str, type] = {
    JOB_COMPLETED: JobCompletedEvent,
    JOB_CORRECTED: JobCorrectedEvent,
    PRINTER_CHANGED: PrinterChangedEvent,
    PERSON_CHANGED: PersonChangedEvent,
    PROJECT_CHANGED: ProjectChangedEvent,
    CUSTOMER_CHANGED: CustomerChangedEvent,
    CHARGE_POSTED: ChargePostedEvent,
    JOB_AUTHORIZED: JobAuthorizedEvent,
    AGGREGATE_CHANGED: AggregateChangedEvent,
    ALERT_RAISED: AlertRaisedEvent,
    DEVICE_CHANGED: DeviceChangedEvent,
    DEVICE_ALERT: DeviceAlertEvent,
    DEAD_LETTER: DeadLetterEvent,
}
"""Every event type that is produced, by its CloudEvents `type`."""

__all__ = [
    "AGGREGATE_CHANGED",
    "ALERT_RAISED",
    "CHARGE_POSTED",
    "CUSTOMER_CHANGED",
    "DEAD_LETTER",
    "DEVICE_ALERT",
    "DEVICE_CHANGED",
    "EVENT_TYPES",
    "JOB_AUTHORIZED",
    "JOB_COMPLETED",
    "JOB_CORRECTED",
    "PERSON_CHANGED",
    "PRINTER_CHANGED",
    "PROJECT_CHANGED",
    "AggregateChanged",
    "AggregateChangedEvent",
    "AlertRaised",
    "AlertRaisedEvent",
    "ChargePosted",
    "ChargePostedEvent",
    "CloudEvent",
    "CustomerChanged",
    "CustomerChangedEvent",
    "DeadLetter",
    "DeadLetterEvent",
    "DeviceAlert",
    "DeviceAlertEvent",
    "DeviceChanged",
    "DeviceChangedEvent",
    "JobAuthorized",
    "JobAuthorizedEvent",
    "JobCompleted",
    "JobCompletedEvent",
    "JobCorrected",
    "JobCorrectedEvent",
    "PersonChanged",
    "PersonChangedEvent",
    "PrinterChanged",
    "PrinterChangedEvent",
    "ProjectChanged",
    "ProjectChangedEvent",
]
