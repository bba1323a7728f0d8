"""Recordings as files: what is written comes back, .snmprec is read, and nothing personal is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.collector.snmp.files import load_recording
from services.collector.snmp.recording import parse, parse_snmprec, written
from services.collector.snmp.scrub import LEFT_OUT, private_span, scrubbed
from services.collector.snmp.values import Oid, Tag, VarBind, parse_oid
from shared.errors import NotFound, Reject

OIDS = st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=12).map(tuple)
VALUES = st.one_of(
    st.tuples(st.just(Tag.INTEGER), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.sampled_from([Tag.COUNTER32, Tag.GAUGE32, Tag.TIMETICKS]), st.integers(0, 2**32 - 1)),
    st.tuples(st.just(Tag.COUNTER64), st.integers(0, 2**64 - 1)),
    st.tuples(st.just(Tag.OCTETS), st.one_of(st.binary(max_size=60), st.text(max_size=30).map(str.encode))),
    st.tuples(st.just(Tag.OID), OIDS),
    st.tuples(st.just(Tag.IP_ADDRESS), st.binary(min_size=4, max_size=4)),
)
OBJECTS = st.dictionaries(OIDS, VALUES, max_size=15).map(
    lambda found: {oid: VarBind(oid, tag, value) for oid, (tag, value) in found.items()}
)


@given(st.fixed_dictionaries({"": OBJECTS, "Jetdirect": OBJECTS}))
def test_a_recording_comes_back_as_it_was(recording) -> None:
    assert parse(written(recording, title="A device")) == recording


@pytest.mark.parametrize("line", ["1.2 i x", "[a.b]", "1.2 z 1", "1.2 x 0g", "x s text", "1.2 o 1.a"])
def test_a_wrong_line_is_named(line: str) -> None:
    with pytest.raises(Reject, match=r"line 2 .*"):
        parse(f"# fine\n{line}\n")


def test_snmprec_is_read_as_far_as_it_can_be() -> None:
    found = parse_snmprec(
        "1.3.6.1.2.1.1.1.0|4|A printer\n"
        "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.11\n"
        "1.3.6.1.2.1.1.3.0|67|123\r\n"
        "1.3.6.1.2.1.4.20.1.1.1|64|192.0.2.1\n"
        "1.3.6.1.2.1.43.11.1.1.6.1.1|4x|426c61636b00\n"
        "1.3.6.1.2.1.43.10.2.1.4.1.1|65|-1\n"
        "1.3.6.1.2.1.43.10.2.1.5.1.1|70|18446744073709551615\n"
        "1.3.6.1.2.1.1.5.0|4:writecache|value=x\n"
        "1.3.6.1.2.1.2.2.1.17.1|65|6git3159\n"
    )
    values = {".".join(map(str, oid)): bind.value for oid, bind in found.items()}
    assert values == {
        "1.3.6.1.2.1.1.1.0": b"A printer",
        "1.3.6.1.2.1.1.2.0": (1, 3, 6, 1, 4, 1, 11),
        "1.3.6.1.2.1.1.3.0": 123,
        "1.3.6.1.2.1.4.20.1.1.1": bytes([192, 0, 2, 1]),
        "1.3.6.1.2.1.43.11.1.1.6.1.1": b"Black\0",
        "1.3.6.1.2.1.43.10.2.1.4.1.1": 2**32 - 1,
        "1.3.6.1.2.1.43.10.2.1.5.1.1": 2**64 - 1,
    }


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    for name in ("a.snmprec", "a.inkrec"):
        (tmp_path / name).write_text("<html>\n")
        with pytest.raises(Reject, match=name):
            load_recording(tmp_path / name)
    with pytest.raises(NotFound):
        load_recording(tmp_path / "b.inkrec")


def test_the_contexts_of_an_snmprec_lie_beside_it(tmp_path: Path) -> None:
    (tmp_path / "hp.snmprec").write_text("1.3.6.1.2.1.1.1.0|4|HP\n")
    (tmp_path / "hp@Jetdirect.snmprec").write_text("1.3.6.1.2.1.43.11.1.1.6.1.1|4|Black\n")
    (tmp_path / "hp2@Other.snmprec").write_text("1.3.6.1.2.1.43.11.1.1.6.1.1|4|Cyan\n")
    assert set(load_recording(tmp_path / "hp.snmprec")) == {"", "Jetdirect"}


def texts(**by_oid: str) -> dict[Oid, VarBind]:
    found = {parse_oid(name.strip("_").replace("_", ".")): text.encode() for name, text in by_oid.items()}
    return {oid: VarBind(oid, Tag.OCTETS, text) for oid, text in found.items()}


def test_nothing_personal_is_recorded() -> None:
    private = parse_oid("1.3.6.1.4.1.11.2.3.0")
    serial = parse_oid("1.3.6.1.4.1.11.2.4.0")
    number = parse_oid("1.3.6.1.4.1.11.2.5.0")
    address = parse_oid("1.3.6.1.2.1.43.14.1.1.9.1.1")
    objects = texts(
        _1_3_6_1_2_1_1_1_0="HP LaserJet of Alice",
        _1_3_6_1_2_1_1_4_0="alice@example.test",
        _1_3_6_1_2_1_1_5_0="printer-of-alice",
        _1_3_6_1_2_1_1_6_0="Room 101",
        _1_3_6_1_2_1_43_5_1_1_16_1="Alice's printer",
        _1_3_6_1_2_1_43_8_2_1_13_1_1="Tray in Room 101",
        _1_3_6_1_2_1_43_11_1_1_6_1_1="Black Toner",
        _1_3_6_1_2_1_43_11_1_1_6_1_2="see http://192.0.2.1/order",
        _1_3_6_1_2_1_43_16_5_1_2_1_1="Printing salaries.pdf",
    ) | {
        private: VarBind(private, Tag.OCTETS, b"last job: salaries.pdf"),
        serial: VarBind(serial, Tag.OCTETS, b"CN1"),
        number: VarBind(number, Tag.INTEGER, 5),
        address: VarBind(address, Tag.IP_ADDRESS, bytes(4)),
    }
    kept = scrubbed(objects, keep=[serial])
    said = b" ".join(bind.value for bind in kept.values() if isinstance(bind.value, bytes))
    for secret in (b"alice", b"101", b"salaries", b"192.0.2.1"):
        assert secret not in said
    assert kept[serial].value == b"CN1"
    assert kept[number].value == 5
    assert sum(bind.value == LEFT_OUT for bind in kept.values()) == 2
    assert address not in kept


def test_the_branch_of_a_maker_is_that_of_its_number() -> None:
    span = private_span(parse_oid("1.3.6.1.4.1.11.2.3.9.1"))
    assert span is not None
    assert span.start == parse_oid("1.3.6.1.4.1.11")
    assert private_span(parse_oid("1.3.6.1.4.1")) is None
    assert private_span(None) is None
