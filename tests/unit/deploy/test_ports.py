"""Ports: fixed ones are refused when taken, free ones are kept for the next start."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from deploy.local.ports import choose_ports, free_port, is_free
from shared.errors import ConfigError


@pytest.fixture
def taken_port():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


def test_a_port_on_which_somebody_listens_is_not_free(taken_port):
    assert not is_free(taken_port)


def test_a_taken_fixed_port_is_named_with_the_remedy(taken_port):
    with pytest.raises(ConfigError, match=rf"port {taken_port} \(kafka\).*--ports free"):
        choose_ports(["kafka"], free=False, fixed={"kafka": taken_port}, remembered={})


def test_all_taken_ports_are_named_at_once(taken_port):
    fixed = {"kafka": taken_port, "postgres": taken_port}
    with pytest.raises(ConfigError, match=r"\(kafka\), port \d+ \(postgres\)"):
        choose_ports(["kafka", "postgres"], free=False, fixed=fixed, remembered={})


def test_fixed_ports_win_over_those_of_the_last_start():
    port = free_port()
    chosen = choose_ports(["kafka"], free=False, fixed={"kafka": port}, remembered={"kafka": free_port()})
    assert chosen == {"kafka": port}


def test_free_ports_are_those_of_the_last_start():
    before = {"kafka": free_port(), "postgres": free_port()}
    assert choose_ports(before, free=True, fixed={"kafka": 1}, remembered=before) == before


def test_a_port_of_the_last_start_that_is_taken_now_is_replaced(taken_port):
    chosen = choose_ports(["kafka"], free=True, fixed={}, remembered={"kafka": taken_port})
    assert chosen["kafka"] != taken_port


def test_no_two_names_share_a_free_port():
    names = [f"service{number}" for number in range(20)]
    same = dict.fromkeys(names, free_port())
    assert len(set(choose_ports(names, free=True, fixed={}, remembered=same).values())) == len(names)


def test_a_name_without_a_fixed_port_takes_a_free_one():
    assert is_free(choose_ports(["kafka-controller"], free=False, fixed={}, remembered={})["kafka-controller"])
