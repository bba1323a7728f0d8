"""Discovery on real peers: printers that announce themselves by avahi, an agent that hears a broadcast, ranges."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from services.collector.snmp.values import Tag, VarBind
from tests.deadline import eventually
from tests.fixtures.avahi import start_avahi
from tests.fixtures.cups.ippeveprinter import WIDE_FORMAT, start_bus, start_ippeveprinter
from tests.fixtures.snmp.snmpd import start_snmpd
from tests.running import INKMETER, Running, free_port

PRINTER = {
    oid: VarBind(oid, tag, value)
    for oid, tag, value in (
        ((1, 3, 6, 1, 2, 1, 1, 1, 0), Tag.OCTETS, b"Example Networks print server"),
        ((1, 3, 6, 1, 2, 1, 1, 5, 0), Tag.OCTETS, b"plotter-by-snmp"),
        ((1, 3, 6, 1, 2, 1, 25, 3, 2, 1, 2, 1), Tag.OID, (1, 3, 6, 1, 2, 1, 25, 3, 1, 5)),
        ((1, 3, 6, 1, 2, 1, 25, 3, 2, 1, 3, 1), Tag.OCTETS, b"Example 44 by SNMP"),
        ((1, 3, 6, 1, 2, 1, 43, 5, 1, 1, 17, 1), Tag.OCTETS, b"SN-SNMP-1"),
    )
}


@pytest.fixture
def shop(tmp_path: Path, database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Running]:
    data_dir = tmp_path / "shop"
    data_dir.mkdir()
    running = Running(data_dir, database_url=database_url, bootstrap=kafka_bootstrap, topic_prefix=topic_prefix)
    running.start("collector", INKMETER_PRINTER_NETWORKS="127.0.0.0/8", INKMETER_POLL_INTERVAL_S="5")
    try:
        yield running
    finally:
        running.close()


@contextmanager
def broadcast_reaches(port: int) -> Iterator[None]:
    """Hands broadcasts on loopback to the agent at 127.0.0.1, and its answers back.

    On a network card the agent would hear them itself; snmpd answers from the address that was asked, and there
    is nothing to be sent from a broadcast address of loopback.
    """
    heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def hand_on() -> None:
        while True:
            asked, client = heard.recvfrom(65_507)
            if not asked:
                return
            own.sendto(asked, ("127.0.0.1", port))
            with suppress(TimeoutError):
                own.sendto(own.recv(65_507), client)

    with heard, own:
        heard.bind(("127.255.255.255", port))
        own.bind(("127.0.0.1", 0))
        own.settimeout(1)
        thread = threading.Thread(target=hand_on)
        thread.start()
        try:
            yield
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                last.sendto(b"", ("127.255.255.255", port))
            thread.join(5)


def search(shop: Running, **wanted: Any) -> Any:
    status, told = shop.http("collector", "POST", "/v1/discoveries", wanted)
    assert status == 202, told

    def over() -> Any:
        now = shop.http("collector", "GET", f"/v1/discoveries/{told['id']}")[1]
        return now if now["state"] != "running" else None

    return eventually(over, within_s=60, what="the discovery is over")


@pytest.mark.needs("avahi-daemon", "ippeveprinter", "dbus-daemon")
def test_printers_that_announce_themselves_are_proposed_once_and_marked_when_registered(
    shop: Running, tmp_path: Path
):
    with ExitStack() as running:
        bus, address = start_bus(tmp_path)
        running.callback(bus.stop)
        running.callback(start_avahi(tmp_path, address).stop)
        for name, attributes in (("Plotter North", WIDE_FORMAT), ("Plotter South", None)):
            made = start_ippeveprinter(tmp_path / name, name=name, attributes=attributes, bus_address=address)
            running.callback(made.stop)
        found = search(shop, broadcast=False, listen_s=4)
        assert (found["state"], found["faults"]) == ("done", [])
        by_name = {each["name"]: each for each in found["found"]}
        assert sorted(by_name) == ["Plotter North", "Plotter South"], found
        north = by_name["Plotter North"]
        assert (north["kind"], north["registered_as"], north["ways"]) == ("ipp", None, ["dns-sd"])
        assert {each.partition(":")[0] for each in north["addresses"]} == {"ipp", "ipps"}
        assert shop.http("collector", "GET", "/v1/printers")[1]["items"] == [], "nothing is added by itself"

        added = shop.json("printers", "add", "north", north["address"])
        again = search(shop, broadcast=False, listen_s=4)
        marked = {each["name"]: each["registered_as"] for each in again["found"]}
        assert marked == {"Plotter North": {"id": added["id"], "name": "north"}, "Plotter South": None}


@pytest.mark.needs("snmpd")
def test_agents_that_hear_a_broadcast_or_are_in_a_range_are_proposed(shop: Running, tmp_path: Path):
    port = free_port()
    with ExitStack() as running:
        running.callback(start_snmpd(tmp_path, PRINTER, port).stop)
        running.enter_context(broadcast_reaches(port))
        found = search(shop, dns_sd=False, snmp={"port": port})
        (device,) = found["found"]
        assert (device["serial"], device["model"], device["kind"]) == ("SN-SNMP-1", "Example 44 by SNMP", "snmp")
        assert device["address"] == f"snmp://127.0.0.1:{port}"
        assert search(shop, dns_sd=False, snmp={"port": port, "community": "wrong"})["found"] == []
    other = tmp_path / "other"
    other.mkdir()
    with ExitStack() as running:
        running.callback(start_snmpd(other, PRINTER, port, "127.0.0.9").stop)
        ranged = search(shop, dns_sd=False, broadcast=False, ranges=["127.0.0.1-20"], snmp={"port": port})
        assert [each["ip"] for each in ranged["found"]] == ["127.0.0.9"]
        assert (ranged["progress"]["addresses_asked"], ranged["progress"]["answered"]) == (20, 1)


def test_a_search_is_bounded_and_can_be_stopped(shop: Running):
    for ranges, pointer in ((["8.8.8.0/24"], "/ranges/0"), (["127.0.0.0/8"], "/ranges")):
        status, problem = shop.http("collector", "POST", "/v1/discoveries", {"ranges": ranges})
        assert (status, problem["errors"][0]["pointer"]) == (422, pointer), problem
    wanted = {"ranges": ["127.0.0.0/18"], "dns_sd": False, "snmp": {"community": "comm-unity-1"}}
    status, told = shop.http("collector", "POST", "/v1/discoveries", wanted)
    assert (status, told["state"]) == (202, "running")
    assert shop.http("collector", "POST", "/v1/discoveries", {})[0] == 409, "one at a time"
    path = f"/v1/discoveries/{told['id']}"
    status, stopped = shop.http("collector", "POST", f"{path}/cancel")
    assert (status, stopped["state"]) == (200, "cancelled")
    assert stopped["progress"]["addresses_asked"] < stopped["progress"]["addresses"]
    assert shop.http("collector", "POST", f"{path}/cancel")[1] == stopped
    assert "comm-unity-1" not in str(stopped) + shop.log_of("collector")
    assert shop.http("collector", "DELETE", path)[0] == 204
    assert shop.http("collector", "GET", path)[0] == 404


@pytest.mark.needs("snmpd")
def test_the_command_proposes_and_ctrl_c_stops_the_search(shop: Running, tmp_path: Path):
    port = str(free_port())
    with ExitStack() as running:
        running.callback(start_snmpd(tmp_path, PRINTER, int(port), "127.0.0.9").stop)
        quiet = ["printers", "discover", "--no-dns-sd", "--no-broadcast", "--snmp-port", port]
        done = shop.inkmeter(*quiet, "--range", "127.0.0.9")
        assert done.returncode == 0, done.stderr
        assert "SN-SNMP-1" in done.stdout
        assert f"inkmeter printers add NAME snmp://127.0.0.9:{port}" in done.stdout

        command = subprocess.Popen(
            [INKMETER, *quiet, "--range", "127.0.0.0/17"], env=shop.environment(), stdout=-1, stderr=-1, text=True
        )
        eventually(
            lambda: shop.http("collector", "GET", "/v1/discoveries")[1]["items"][0]["state"] == "running",
            within_s=30, what="the search runs",
        )  # fmt: skip
        eventually(
            lambda: shop.http("collector", "GET", "/v1/discoveries")[1]["items"][0]["found"],
            within_s=30, what="the device was seen",
        )  # fmt: skip
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=30)
        assert command.returncode == 0, err
        assert ("SN-SNMP-1" in out, "Stopped before its end" in err) == (True, True)
        (last, _) = shop.http("collector", "GET", "/v1/discoveries")[1]["items"]
        assert last["state"] == "cancelled"
