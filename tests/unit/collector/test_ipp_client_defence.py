"""What answers at a printer's address, or for its name, can neither lead the client astray nor wear it out."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.collector.addresses import AddressGuard, GuardedResolver
from services.collector.networks import parse_networks
from services.collector.sources.ipp.client import CONTENT_TYPE, Address, IppClient
from services.collector.sources.ipp.decode import decode
from services.collector.sources.ipp.encode import encode
from services.collector.sources.ipp.message import Group, Message
from services.collector.sources.ipp.requests import get_printer_attributes
from services.collector.sources.ipp.tags import GroupTag
from services.collector.sources.outgoing import AccessRefused
from shared.errors import Reject, Retry

LOOPBACK = parse_networks("127.0.0.0/8")


class Server:
    """Answers IPP and counts who asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.port = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        asked = decode(await request.read())
        return web.Response(
            body=encode(Message(0, asked.request_id, (Group(GroupTag.OPERATION),))), content_type=CONTENT_TYPE
        )

    async def bomb(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        body = gzip.compress(bytes(64_000_000), 1)
        return web.Response(body=body, content_type=CONTENT_TYPE, headers={"Content-Encoding": "gzip"})

    async def drip(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        answer = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE})
        await answer.prepare(request)
        while True:
            await answer.write(b"\0")
            await asyncio.sleep(0.02)


@asynccontextmanager
async def serving(
    answer: Callable[[Server], Callable[[web.Request], Awaitable[web.StreamResponse]]] = lambda server: (
        server.answer
    ),
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer(server))
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


async def send(client: IppClient) -> Message:
    try:
        return await client.send(get_printer_attributes(client.address.uri))
    finally:
        await client.close()


class Names:
    """A name server whose answer changes from one question to the next."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    async def __call__(self, _host: str) -> list[str]:
        return [self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]]


def named(server: Server, names: Names, scheme: str = "ipp") -> tuple[AddressGuard, IppClient]:
    guard = AddressGuard(LOOPBACK, names)
    address = Address.parse(f"{scheme}://plotter.example:{server.port}/ipp/print")
    return guard, IppClient(address, resolver=GuardedResolver(guard))


async def test_a_name_is_connected_to_by_the_address_that_was_checked():
    async with serving() as server:
        _, client = named(server, Names("127.0.0.1"))
        assert (await send(client)).code == 0
        assert server.asked == 1


async def test_a_name_that_stands_for_another_address_after_the_check_is_not_connected_to():
    """DNS rebinding: the check sees a printer, the connection would reach the metadata service of a cloud."""
    async with serving() as server:
        guard, client = named(server, Names("127.0.0.1", "169.254.169.254"))
        await guard.check(client.address.uri)
        with pytest.raises(Reject, match=r"169\.254\.169\.254, which is outside the networks"):
            await send(client)


async def test_an_address_of_digits_is_checked_where_the_connection_is_made():
    """No name is looked up for it: the socket itself is what is refused."""
    async with serving() as server:
        guard = GuardedResolver(AddressGuard(parse_networks("10.0.0.0/8")))
        client = IppClient(Address.parse(f"ipp://127.0.0.1:{server.port}/ipp/print"), resolver=guard)
        with pytest.raises(Reject, match=r"127\.0\.0\.1 is outside the networks"):
            await send(client)
        client = IppClient(Address.parse("ipp://127.0.0.1:25/"), resolver=GuardedResolver(AddressGuard(LOOPBACK)))
        with pytest.raises(Reject, match=r"127\.0\.0\.1:25: below 1024 printers are read at 80, 161"):
            await send(client)
        assert server.asked == 0


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f000001", "017700000001"])
async def test_an_address_in_odd_digits_reaches_nothing(host):
    async with serving() as server:
        resolver = GuardedResolver(AddressGuard(parse_networks("10.0.0.0/8")))
        client = IppClient(Address.parse(f"ipp://{host}:{server.port}/"), resolver=resolver)
        with pytest.raises((Reject, Retry)):
            await send(client)
        assert server.asked == 0


async def test_a_name_without_an_answer_may_have_one_later():
    async def nobody(_host: str) -> list[str]:
        raise OSError("no such host")

    client = IppClient(
        Address.parse("ipp://plotter.example"), resolver=GuardedResolver(AddressGuard(LOOPBACK, nobody))
    )
    with pytest.raises(Retry, match=r"plotter\.example is not known here"):
        await send(client)


async def test_a_redirect_leads_nowhere():
    async with serving() as inner:

        async def lead(_request: web.Request) -> web.StreamResponse:
            raise web.HTTPTemporaryRedirect(f"http://127.0.0.1:{inner.port}/")

        async with serving(lambda _: lead) as outer:
            with pytest.raises(Reject, match="HTTP 307"):
                await send(IppClient(Address.parse(f"ipp://127.0.0.1:{outer.port}/")))
        assert inner.asked == 0


async def test_a_compressed_answer_is_refused_before_it_grows():
    async with serving(lambda server: server.bomb) as server:
        with pytest.raises(Reject, match="compresses its answer"):
            await send(IppClient(Address.parse(f"ipp://127.0.0.1:{server.port}/")))


async def test_an_answer_that_drips_without_end_is_bounded_in_time():
    async with serving(lambda server: server.drip) as server:
        with pytest.raises(Retry, match="does not answer within"):
            await send(IppClient(Address.parse(f"ipp://127.0.0.1:{server.port}/"), timeout_s=0.4))


def certificate(folder: Path) -> tuple[ssl.SSLContext, bytes]:
    """A server's context with a certificate that it signed itself, as printers do, and its fingerprint."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "plotter.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("plotter.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "printer.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, hashlib.sha256(made.public_bytes(serialization.Encoding.DER)).digest()


async def test_a_certificate_that_nobody_vouches_for_is_refused_unless_it_is_the_pinned_one(tmp_path: Path):
    context, fingerprint = certificate(tmp_path)
    async with serving(tls=context) as server:
        address = Address.parse(f"ipps://127.0.0.1:{server.port}/ipp/print")
        with pytest.raises(Reject, match=r"TLS certificate that is not trusted: self-signed certificate$"):
            await send(IppClient(address))
        with pytest.raises(Reject, match=f"another TLS certificate than the pinned one: {fingerprint.hex()}"):
            await send(IppClient(address, tls_fingerprint=bytes(32)))
        assert server.asked == 0
        assert (await send(IppClient(address, tls_fingerprint=fingerprint))).code == 0
        assert server.asked == 1


async def test_a_log_in_is_sent_only_to_the_device_and_a_refusal_says_which_kind_it_is():
    def guarded(server: Server) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            if request.headers.get("Authorization") != aiohttp.encode_basic_auth("admin", "right"):
                raise web.HTTPUnauthorized
            return await server.answer(request)

        return answer

    async with serving(guarded) as server:
        address = Address.parse(f"ipp://127.0.0.1:{server.port}/ipp/print")
        assert (await send(IppClient(address, login=("admin", "right")))).code == 0
        with pytest.raises(AccessRefused, match="refuses the password"):
            await send(IppClient(address, login=("admin", "wrong")))
        with pytest.raises(AccessRefused, match="asks for a password"):
            await send(IppClient(address))


async def test_tls_asked_of_a_port_without_it_is_told_in_one_sentence():
    async with serving() as server:
        with pytest.raises(Retry, match=r"can't be reached by TLS, does it speak it there\?"):
            await send(IppClient(Address.parse(f"ipps://127.0.0.1:{server.port}/")))
