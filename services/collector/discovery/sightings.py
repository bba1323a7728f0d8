"""What was seen of devices, and which sightings are one device: values in, values out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from services.collector.sources.source import SourceKind

NOT_ASKED: Final = "it was not asked yet who it is"
NO_WAY: Final = "it only takes print data (raw or LPD): nothing can be read from it; switch IPP or SNMP on"

Way = Literal["dns-sd", "snmp"]
PREFERRED: Final = ("ipp", "ipps", "http", "https", "snmp")
"""Which of a device's addresses is proposed: the first that works; TLS costs a handshake with every look."""


class Sighting(Struct, frozen=True, kw_only=True):
    """One thing that was heard of a device.

    Attributes:
        way: how.
        ip: where it answers.
        address: at which it may be read; None where only raw data or LPD is offered, by which nothing can be read.
    """

    way: Way
    ip: str
    address: str | None = None
    name: str | None = None
    model: str | None = None
    serial: str | None = None
    uuid: str | None = None
    location: str | None = None


class Asked(Struct, frozen=True, kw_only=True):
    """What a device said of itself when it was asked at an address; `fault` says why it could not be."""

    address: str
    kind: SourceKind | None = None
    name: str | None = None
    model: str | None = None
    serial: str | None = None
    uuid: str | None = None
    fault: str | None = None


class RegisteredAs(Struct, frozen=True):
    """The printer that a device is registered as."""

    id: str
    name: str


class Proposal(Struct, frozen=True, kw_only=True):
    """A device that was found.

    Attributes:
        address: to add it by; None when it can't be read, `fault` says why then.
        addresses: all at which it was seen.
        ways: how it was seen.
        registered_as: the printer that it is already; None for a new one.
    """

    address: str | None
    addresses: tuple[str, ...] = ()
    ip: str
    kind: SourceKind | None = None
    name: str | None = None
    model: str | None = None
    serial: str | None = None
    uuid: str | None = None
    location: str | None = None
    ways: tuple[Way, ...] = ()
    fault: str | None = None
    registered_as: RegisteredAs | None = None


Registered = Callable[[Proposal], RegisteredAs | None]


class _Device:
    """Sightings and answers that belong together."""

    def __init__(self) -> None:
        self.seen: list[Sighting] = []
        self.asked: list[Asked] = []

    def take(self, other: _Device) -> None:
        self.seen += other.seen
        self.asked += other.asked

    def values(self, name: str) -> list[str]:
        """What is known of one field, the device's own answers first."""
        found = [getattr(each, name, None) for each in (*self.asked, *self.seen)]
        return [value for value in found if value]

    def first(self, name: str) -> str | None:
        return next(iter(self.values(name)), None)


def proposals(
    seen: Sequence[Sighting], answers: Iterable[Asked], registered: Registered = lambda _: None
) -> list[Proposal]:
    """One proposal for each device: the same serial number or UUID is one device, at whatever addresses.

    What SNMP alone has seen at an IP address belongs to the one device that was asked there by IPP, if it is one:
    a print server with several queues is several.
    """
    answered = {answer.address: answer for answer in answers}
    devices = _joined(_by_address(seen, answered))
    devices = _with_bare(devices)
    found = [_proposal(device) for device in devices]
    marked = [replace(each, registered_as=registered(each)) for each in found]
    return sorted(marked, key=lambda each: (each.registered_as is not None, (each.name or "").lower(), each.ip))


def _by_address(seen: Sequence[Sighting], answered: dict[str, Asked]) -> list[_Device]:
    devices: dict[str, _Device] = {}
    for sighting in seen:
        mark = sighting.address or f"{sighting.ip} {sighting.name}"
        device = devices.setdefault(mark, _Device())
        device.seen.append(sighting)
        answer = answered.get(sighting.address or "")
        if answer is not None and answer not in device.asked:
            device.asked.append(answer)
    return list(devices.values())


def _joined(devices: list[_Device]) -> list[_Device]:
    """Devices with the same serial number or UUID become one."""
    kept: list[_Device] = []
    by_mark: dict[str, _Device] = {}
    for device in devices:
        marks = [f"serial:{value}" for value in device.values("serial")]
        marks += [f"uuid:{value.lower()}" for value in device.values("uuid")]
        same = next((by_mark[mark] for mark in marks if mark in by_mark), None)
        if same is None or _contradict(same, device):
            kept.append(device)
            same = device
        else:
            same.take(device)
        for mark in marks:
            by_mark.setdefault(mark, same)
    return kept


def _contradict(one: _Device, other: _Device) -> bool:
    serials = {*one.values("serial")}, {*other.values("serial")}
    return bool(serials[0] and serials[1] and not serials[0] & serials[1])


def _with_bare(devices: list[_Device]) -> list[_Device]:
    """What has no identity of its own, or was seen by SNMP only, goes to the one device at its IP address."""
    whole = [device for device in devices if _is_whole(device)]
    kept = list(whole)
    for device in devices:
        if device in whole:
            continue
        ip = device.seen[0].ip
        there = [each for each in kept if any(sighting.ip == ip for sighting in each.seen)]
        fits = len(there) == 1 and not _contradict(there[0], device)
        if fits and (there[0] in whole or _by_snmp(there[0]) or _by_snmp(device)):
            there[0].take(device)
        else:
            kept.append(device)
    return kept


def _by_snmp(device: _Device) -> bool:
    return any(sighting.way == "snmp" for sighting in device.seen)


def _is_whole(device: _Device) -> bool:
    return any(answer.fault is None and not answer.address.startswith("snmp://") for answer in device.asked)


def _proposal(device: _Device) -> Proposal:
    working = {answer.address: answer for answer in device.asked if answer.fault is None}
    best = min(working, key=lambda address: (_rank(address), address), default=None)
    faults = [answer.fault for answer in device.asked if answer.fault]
    return Proposal(
        address=best,
        addresses=tuple(dict.fromkeys(device.values("address"))),
        ip=device.seen[0].ip,
        kind=working[best].kind if best else None,
        name=device.first("name"),
        model=device.first("model"),
        serial=device.first("serial"),
        uuid=device.first("uuid"),
        location=device.first("location"),
        ways=tuple(sorted({sighting.way for sighting in device.seen})),
        fault=None if best else faults[0] if faults else (NOT_ASKED if device.first("address") else NO_WAY),
    )


def _rank(address: str) -> int:
    scheme = address.partition("://")[0]
    return PREFERRED.index(scheme) if scheme in PREFERRED else len(PREFERRED)
