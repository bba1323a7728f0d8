"""`charge.posted.v1` as bytes, byte for byte `charge_event`'s, from pieces that many charges share. Pure.

What a number of the ledger stands for never changes, so its piece of the text is made once and remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from hashlib import sha1
from typing import Any, Final, NamedTuple

from msgspec import structs

from services.accounting.relay.charge_events import NAMESPACE, SOURCE
from shared.events import CHARGE_POSTED
from shared.events.charges import BookAmount, ChargePerson
from shared.events.envelope import dataschema, encode
from shared.money import format_micro

MAX_REMEMBERED: Final = 200_000
"""Pieces of one kind; past that all are forgotten, and those still needed come back."""
_NAMESPACE: Final = NAMESPACE.bytes
_VARIANT: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
_HEAD: Final = '{"specversion":"1.0","id":"'
_SOURCE: Final = f'","source":"{SOURCE}","type":"{CHARGE_POSTED}","time":'
_DATA: Final = f'","datacontenttype":"application/json","dataschema":"{dataschema(CHARGE_POSTED)}","data":{{"id":"'
_BILLABLE: Final = (',"billable":false', "")


class _Book(NamedTuple):
    """A rule's piece of a book's answer: what follows the amount, and the whole where there is none."""

    after_amount: str
    unpriced: str


class ChargeTexts:
    """Encodes rows of the query `relay_rows`; the pieces for their numbers must have been learnt before.

    Attributes:
        pieces: by the row's column of numbers, the piece of each number that is known.
    """

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._codes: dict[str, dict[int, str]] = {"entry_kind": {}, "kind": {}, "outcome": {}}
        self._rules: dict[int, _Book] = {}
        self._keys: dict[int, bytes] = {}
        self._days: dict[tuple[date, int, int], str] = {}
        self._posted: tuple[datetime, str] | None = None
        self._makers: dict[str, Callable[[str], str]] = {
            "printer_no": lambda key: f',"printer":{_json(key)},"person":',
            "person_no": lambda key: _json(ChargePerson(claimed=key or None)),
            "project_no": lambda key: f',"project":{_json(key)}' if key else "",
            "department_no": lambda key: f',"department":{_json(key)}' if key else "",
            "media_no": lambda key: f',"media":{_json(key)}' if key else "",
            "category_no": lambda key: f',"category":{_json(key)}' if key else "",
        }
        self.pieces: dict[str, dict[int, Any]] = {
            **{number: {} for number in self._makers},
            "rule_no": self._rules,
            "correction_no": {},
        }

    def forget(self) -> None:
        """Forgets every piece, as when the database may be another one than before."""
        for known in self._all():
            known.clear()

    def trim(self) -> None:
        """Forgets every piece if there are too many; call it before a page is learnt."""
        if max(len(known) for known in self._all()) > MAX_REMEMBERED:
            self.forget()

    def _all(self) -> list[dict[Any, Any]]:
        return [*self.pieces.values(), *self._codes.values(), self._keys, self._days]

    def missing(self, number: str, wanted: Iterable[int | None]) -> list[int]:
        """Which of these numbers have no piece yet."""
        return sorted({each for each in wanted if each is not None} - self.pieces[number].keys())

    def learn_codes(self, rows: Iterable[tuple[str, int, str]]) -> None:
        """Remembers the fixed words of the events: what they are of, number, word."""
        for what, number, code in rows:
            self._codes[what][number] = f',"{what}":{_json(code)}'

    def learn_keys(self, number: str, rows: Iterable[tuple[int, str]]) -> None:
        """Remembers what the numbers of a dimension stand for."""
        make = self._makers[number]
        for no, key in rows:
            self.pieces[number][no] = make(key)
            if number == "project_no":
                self._keys[no] = key.encode()

    def learn_rules(self, rows: Iterable[tuple[int, str | None, int | None, str]]) -> None:
        """Remembers rules: number, list, its version, text."""
        for no, price_list, version, text in rows:
            book = BookAmount(currency=self._currency, price_list=price_list, version=version, rule=text)
            unpriced = structs.replace(book, rule=None, unpriced=text)
            self._rules[no] = _Book(f'",{_json(book)[1:]}', _json(unpriced))

    def learn_corrections(self, rows: Iterable[tuple[int, str, str]]) -> None:
        """Remembers who made corrections and why: number, actor, reason."""
        for no, actor, reason in rows:
            text = f',"correction_id":"{no}","actor":{_json(actor)},"reason":{_json(reason)}'
            self.pieces["correction_no"][no] = text

    @property
    def knows_codes(self) -> bool:
        """Whether the fixed words were learnt."""
        return bool(self._codes["kind"])

    def encoded(self, rows: Sequence[tuple[Any, ...]]) -> list[tuple[bytes, bytes]]:
        """The events of rows, in their order: the key of the record, and the event.

        Raises:
            KeyError: a number's piece was not learnt.
        """
        # All that each row needs is at hand in one loop: a call less for each of its pieces is half the time.
        printers, people, projects, departments, media, categories = (self.pieces[each] for each in self._makers)
        entry_kinds, kinds, outcomes = self._codes.values()
        keys, rules, corrections = self._keys, self._rules, self.pieces["correction_no"]
        told = []
        for (
            entry_id, line, entry_kind, follows_entry, follows_line, job_id, job_key,
            printer_no, person_no, project_no, department_no, billable, kind, outcome, media_no, category_no,
            printed, used, ink, impressions, sheets, cost, cost_rule_no, price, price_rule_no,
            occurred_at, posted_at, day, jobs, unpriced_lines, correction_no,
        ) in rows:  # fmt: skip
            charge = f"{entry_id}.{line}"
            posted = self._moment(posted_at)
            follows = "" if follows_entry is None else f',"follows":"{follows_entry}.{follows_line}"'
            cost_book, price_book = rules[cost_rule_no], rules[price_rule_no]
            cost_text = cost_book.unpriced if cost is None else f"{_amount(cost)}{cost_book.after_amount}"
            price_text = price_book.unpriced if price is None else f"{_amount(price)}{price_book.after_amount}"
            correction = "" if correction_no is None else corrections[correction_no]
            text = (
                f'{_HEAD}{event_id(charge)}{_SOURCE}{posted},"subject":"{charge}{_DATA}{charge}"'
                f'{entry_kinds[entry_kind]}{follows},"job_id":"{job_id}","job_key":{_json(job_key)},"line":{line}'
                f"{printers[printer_no]}{people[person_no]}{projects[project_no]}{departments[department_no]}"
                f"{_BILLABLE[billable]}{kinds[kind]}{outcomes[outcome]}{media[media_no]}{categories[category_no]}"
                f"{_quantities(printed, used, ink, impressions, sheets)}{cost_text}"
                f',"price":{price_text},"occurred_at":{_json(occurred_at)},"posted_at":{posted}'
                f"{self._day(day, jobs, unpriced_lines)}{correction}}}}}"
            )
            told.append((keys[project_no], text.encode()))
        return told

    def _moment(self, moment: datetime) -> str:
        """Its JSON; a batch was posted at one moment. Equal is not enough where the clock was set back."""
        last = self._posted
        if last is None or last[0] != moment or last[0].fold != moment.fold or last[0].tzinfo is not moment.tzinfo:
            last = self._posted = moment, _json(moment)
        return last[1]

    def _day(self, day: date, jobs: int, unpriced_lines: int) -> str:
        key = day, jobs, unpriced_lines
        known = self._days.get(key)
        if known is None:
            known = f',"day":{_json(day)},"jobs":{jobs},"unpriced_lines":{unpriced_lines}'
            self._days[key] = known
        return known


def event_id(charge: str) -> str:
    """The same as `charge_events.event_id`, a UUID of version 5, without making a UUID of it."""
    digest = sha1(_NAMESPACE + charge.encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"


def _amount(micro: int) -> str:
    """The beginning of what a book says; most amounts have four decimals, which need no more than cutting."""
    digits = str(micro).zfill(7 if micro >= 0 else 8)
    if digits[-2:] == "00":
        return f'{{"amount":"{digits[:-6]}.{digits[-6:-2]}'
    return f'{{"amount":"{format_micro(micro)}'


def _quantities(
    printed: int | None, used: int | None, ink: int | None, impressions: int | None, sheets: int | None
) -> str:
    """Up to the cost; most lines tell all of them but, often, the ink."""
    if printed is None or used is None or impressions is None or sheets is None:
        told = {"printed_area_mm2": printed, "used_area_mm2": used, "ink_ul": ink}
        told |= {"impressions": impressions, "sheets": sheets}
        some = ",".join(f'"{name}":{value}' for name, value in told.items() if value is not None)
        return f',"quantities":{{{some}}},"cost":'
    inks = "" if ink is None else f',"ink_ul":{ink}'
    return (
        f',"quantities":{{"printed_area_mm2":{printed},"used_area_mm2":{used}{inks}'
        f',"impressions":{impressions},"sheets":{sheets}}},"cost":'
    )


def _json(value: object) -> str:
    return encode(value).decode()
