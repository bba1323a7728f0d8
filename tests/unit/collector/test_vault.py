"""How to log in to a device is sealed: it can not be read, moved to another printer or changed unnoticed."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.collector.access import Access, SnmpAccess
from services.collector.vault import NO_ACCESS, Vault, parse_keys
from shared.errors import Reject

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
ACCESS = Access(username="admin", password="hunter2-secret", snmp=SnmpAccess(community="private-community"))


def text_of(*keys: bytes) -> str:
    return ",".join(base64.b64encode(key).decode() for key in keys)


def test_what_is_sealed_opens_again_and_shows_no_secret():
    vault = Vault([OLD])
    sealed = vault.seal("id-1", ACCESS)
    assert vault.open("id-1", sealed) == ACCESS
    octets = base64.b64decode(sealed.rpartition(":")[2])
    for secret in (b"admin", b"hunter2", b"private-community"):
        assert secret not in octets
    assert vault.seal("id-1", ACCESS) != sealed  # a nonce is never used twice
    assert (vault.seal("id-1", NO_ACCESS), vault.open("id-1", None)) == (None, NO_ACCESS)
    assert "hunter2" not in repr(ACCESS)
    assert "private" not in repr(ACCESS)


def test_it_opens_for_no_other_printer_and_not_when_it_was_changed():
    vault = Vault([OLD])
    sealed = vault.seal("id-1", ACCESS)
    with pytest.raises(Reject, match="another printer's"):
        vault.open("id-2", sealed)
    with pytest.raises(Reject, match="was changed"):
        vault.open("id-1", sealed[:-4] + "AAAA")


@given(st.text(max_size=200))
def test_any_text_in_the_row_is_one_sentence_and_no_fault(text):
    with pytest.raises(Reject):
        Vault([OLD]).open("id-1", text)


def test_a_key_is_replaced_while_both_are_known():
    sealed = Vault([OLD]).seal("id-1", ACCESS)
    both = Vault([NEW, OLD])
    assert both.open("id-1", sealed) == ACCESS
    assert not both.is_current(sealed)
    again = both.seal("id-1", both.open("id-1", sealed))
    assert both.is_current(again)
    assert Vault([NEW]).open("id-1", again) == ACCESS


def test_a_missing_or_other_key_is_said_in_one_sentence():
    sealed = Vault([OLD]).seal("id-1", ACCESS)
    with pytest.raises(Reject, match="none is set here: add that key to INKMETER_SECRET_KEY"):
        Vault([]).open("id-1", sealed)
    with pytest.raises(Reject, match=r"encrypted with key '[0-9a-f]{8}', known here: [0-9a-f]{8}: add"):
        Vault([NEW]).open("id-1", sealed)
    with pytest.raises(Reject, match="no key is set"):
        Vault([]).seal("id-1", ACCESS)


def test_keys_are_32_bytes_in_base64_and_never_shown():
    assert parse_keys(text_of(NEW, OLD)) == (NEW, OLD)
    assert parse_keys(f"\n{text_of(NEW)}\n {text_of(OLD)}") == (NEW, OLD)
    assert parse_keys(base64.urlsafe_b64encode(b"\xff" * 32).decode()) == (b"\xff" * 32,)
    assert parse_keys("") == ()
    for wrong in ("password", text_of(b"short"), f"{text_of(NEW)},x"):
        with pytest.raises(Reject, match="32 bytes in base64") as refused:
            parse_keys(wrong)
        assert wrong not in refused.value.reason
