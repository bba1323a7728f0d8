"""Sets each reading of a device's counter against its jobs, and writes what follows with the account."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

import msgspec
import structlog
from msgspec.structs import replace

from services.collector import metrics
from services.collector.correlation.amounts import NOTHING, Amounts
from services.collector.correlation.tally import Tally
from services.collector.devices.reading import DeviceReading
from services.collector.intake.corrections import correction_entry, in_place_of
from services.collector.intake.jobs import job_entry, job_identity
from services.collector.journal import Entry, Journal
from services.collector.journal.store import Store
from services.collector.reconcile.balance import SCALE, Account, Booking, Point, Step, opened, step
from services.collector.reconcile.unknown import SOURCE, kept, less, taken_back, unknown_job
from services.collector.registry.printers import Printer
from shared.errors import Retry
from shared.events.devices import DeviceCounter

MAIN: Final = ("life", "total")
"""The counters that count all that was printed, the first one that a device has."""
LAPSE_S: Final = 600.0
"""After so long without a reading another collector may have kept the account."""
_UNSURE: Final = frozenset({None, "unknown"})
_log = structlog.get_logger()
_decode: Final = msgspec.json.Decoder(Account).decode
_encode: Final = msgspec.json.Encoder().encode


class Accounts(Protocol):
    """Where accounts are kept for other collectors and for whoever asks."""

    async def load(self, device: str) -> Account | None:
        """The account of a device as a collector has written it last. Raises Retry."""
        ...

    async def keep(self, printer_id: str, device: str, account: Account) -> None:
        """Writes it, unless a newer one is there. Raises Retry."""
        ...


@dataclass(frozen=True, slots=True)
class _Look:
    """What one reading of a device at rest says of its counter."""

    printer: Printer
    device: str
    counter: str
    unit: str
    seen: Point

    def is_of(self, account: Account) -> bool:
        """Whether it is that account's counter."""
        return (self.counter, self.unit) == (account.counter, account.unit)


class Reconciler:
    """An observer of device readings; see watching.observing."""

    def __init__(
        self,
        journal: Journal,
        accounts: Accounts,
        *,
        collector_id: str,
        grace_s: int,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._accounts = accounts
        self._collector_id = collector_id
        self._grace = timedelta(seconds=grace_s)
        self._now_s = now_s
        self._observed_s: dict[str, float] = {}
        self._values: dict[str, int] = {}
        self._unkept: dict[str, tuple[str, Account]] = {}

    async def observe(self, printer: Printer, reading: DeviceReading) -> None:
        """Takes a reading in.

        Raises:
            Retry: the journal can't be written; the next reading comes to the same.
        """
        counter = main_counter(reading)
        if counter is None or (reading.serial and printer.serial and reading.serial != printer.serial):
            return
        device = job_identity(printer.ref, printer)
        if not self._at_rest(device, reading, counter):
            return
        adopted = await self._adopted(device)
        look = _Look(printer, device, counter.name, counter.unit or "", Point(counter.value, reading.at))
        if adopted is None and not await self._journal.ask(lambda store: self._is_news(store, look)):
            return
        account = await self._journal.transact(lambda store: self._write(store, look, adopted))
        self._unkept[device] = printer.id, account
        await self._keep()

    def _at_rest(self, device: str, reading: DeviceReading, counter: DeviceCounter) -> bool:
        """Whether the device prints nothing now; one that does not say so is at rest when its counter stands."""
        stands = self._values.get(device) == counter.value
        self._values[device] = counter.value
        return reading.quiet or (reading.status in _UNSURE and stands)

    async def _adopted(self, device: str) -> Account | None:
        """What another collector has kept meanwhile, where that may be."""
        now_s = self._now_s()
        last_s, self._observed_s[device] = self._observed_s.get(device), now_s
        if last_s is not None and now_s - last_s < LAPSE_S:
            return None
        try:
            found = await self._accounts.load(device)
        except Retry as error:
            _log.warning("counter_account_not_loaded", error=str(error))
            return None
        mine = await self._journal.ask(lambda store: _read(store, device))
        return found if found and (mine is None or found.version > mine.version) else None

    def _is_news(self, store: Store, look: _Look) -> bool:
        """Whether anything beside the time of the reading changes."""
        before, seen = _read(store, look.device), look.seen
        if before is None or not look.is_of(before):
            return True
        sums, late = Tally(store).sums(look.device) or (NOTHING, NOTHING)
        made = step(before, seen, sums, late, grace=self._grace)
        now = replace(made.account, last=before.last, balanced=before.balanced)
        moved = seen.value != before.last.value or sums != before.sums or late != before.late
        return moved or bool(made.book or made.take_back or made.take_back_late or now != before)

    def _write(self, store: Store, look: _Look, adopted: Account | None) -> Account:
        """The account's new state, with what is to be told, in one transaction."""
        tally, device, seen = Tally(store), look.device, look.seen
        account = adopted or _read(store, device)
        if adopted is not None:
            tally.begin(device, adopted.base.at, adopted.sums, adopted.late)
        if account is None or not look.is_of(account):
            version = account.version if account else 0
            account = replace(opened(look.counter, look.unit, seen), version=version)
            tally.begin(device, seen.at)
        sums, late = tally.sums(device) or (NOTHING, NOTHING)
        made = step(account, seen, sums, late, grace=self._grace)
        now, entries = self._booked(made, account, look, sums)
        if made.is_new_base:
            tally.begin(device, seen.at)
        elif made.take_back_late:
            tally.begin(device, account.base.at, sums)
        sums, late = tally.sums(device) or (NOTHING, NOTHING)
        now = replace(now, bookings=kept(now.bookings), version=account.version + 1, sums=sums, late=late)
        store.db.execute("INSERT OR REPLACE INTO counter_account VALUES (?, ?)", (device, _encode(now)))
        store.append(entries, seen.at)
        return now

    def _booked(self, made: Step, before: Account, look: _Look, sums: Amounts) -> tuple[Account, list[Entry]]:
        entries: list[Entry] = []
        printer = look.printer
        bookings = list(made.account.bookings)
        unit = before.unit
        for amount, of_period in ((made.take_back, True), (made.take_back_late, False)):
            for place, left in taken_back(tuple(bookings), amount, before.period, of_period=of_period):
                bookings[place], entry = self._shrunk(bookings[place], unit, left, made.account.last)
                entries.append(entry)
        if made.book:
            told = replace(made.account, waiting=before.waiting)
            job = unknown_job(told, made.book, device=look.device, printer=printer.ref, sums=sums)
            entries.append(job_entry(job, collector_id=self._collector_id, source=SOURCE))
            key = str(job.job.key)
            bookings.append(
                Booking(told=job, amount=made.book, period=before.period, key=printer.id, first_key=key)
            )
            metrics.UNKNOWN.labels(unit).inc(made.book // SCALE[unit])
            _log.info("counted_on_unknown", printer=printer.name, unit=unit, amount=made.book // SCALE[unit])
        balanced = made.account.last if made.book else made.account.balanced
        return replace(made.account, bookings=tuple(bookings), balanced=balanced), entries

    def _shrunk(self, booking: Booking, unit: str, left: int, seen: Point) -> tuple[Booking, Entry]:
        """A booking over what is left of it, and the entry that says so."""
        smaller = less(booking.told, unit, left)
        replacement = in_place_of(smaller, booking.first_key, booking.revision + 1) if smaller else None
        entry = correction_entry(
            booking.told,
            replacement,
            key=booking.key,
            reason="late_jobs",
            words=f"Jobs came late that the counter had counted: {left // SCALE[unit]} {unit} stay on Unknown.",
            at=seen.at,
            origin=f"/collector/{self._collector_id}/{SOURCE}",
            evidence={"left": str(left // SCALE[unit]), "unit": unit},
        )
        told = replacement or booking.told
        return replace(booking, told=told, amount=left, revision=booking.revision + 1), entry

    async def _keep(self) -> None:
        """Writes accounts where others can read them; one that can't be written now is with the next one."""
        for device, (printer_id, account) in list(self._unkept.items()):
            try:
                await self._accounts.keep(printer_id, device, account)
            except Retry as error:
                _log.warning("counter_account_kept_later", error=str(error))
                return
            if self._unkept.get(device) == (printer_id, account):
                del self._unkept[device]


def main_counter(reading: DeviceReading) -> DeviceCounter | None:
    """The counter of all that was printed, if its unit is one that jobs tell."""
    found = (reading.counter(name) for name in MAIN)
    return next((each for each in found if each is not None and each.unit in SCALE), None)


def _read(store: Store, device: str) -> Account | None:
    row = store.db.execute("SELECT state FROM counter_account WHERE device = ?", (device,)).fetchone()
    return _decode(row[0]) if row else None
