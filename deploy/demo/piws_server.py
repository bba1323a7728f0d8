"""Serves a simulated PIWS device over HTTP or, with a certificate that it signs itself, over HTTPS."""

from __future__ import annotations

import base64
import hashlib
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.demo.piws import UNKNOWN_QUEUE, PiwsDevice, Tree, to_json, to_xml

ROOT: Final = "/LFPWebServices/PI"


@dataclass(frozen=True, slots=True)
class ServedPiws:
    """A simulated device that is being served; its fingerprint is "" without TLS."""

    address: str
    device: PiwsDevice
    fingerprint: str


@asynccontextmanager
async def serve_piws(
    device: PiwsDevice, *, host: str = "127.0.0.1", port: int = 0, tls: bool = False
) -> AsyncIterator[ServedPiws]:
    """Serves the device within the block; port 0 takes a free one."""
    context, fingerprint = self_signed() if tls else (None, "")
    app = web.Application()

    async def handle(request: web.Request) -> web.Response:
        return answer(device, request)

    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, port, ssl_context=context).start()
    scheme = "piws" if tls else "piws+http"
    try:
        yield ServedPiws(f"{scheme}://{host}:{runner.addresses[0][1]}", device, fingerprint)
    finally:
        await runner.cleanup()


def answer(device: PiwsDevice, request: web.Request) -> web.Response:
    """What the device says to one request."""
    device.asked.append(request.path_qs)
    if device.asleep:
        return web.Response(status=503)
    if device.garbage:
        return web.Response(body=device.garbage, content_type="text/xml")
    wanted = base64.b64encode(f"admin:{device.password}".encode()).decode()
    if device.password and request.headers.get("Authorization") != f"Basic {wanted}":
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="printer"'})
    if request.path == f"{ROOT}/Identification":
        return _written(device.identification(), device)
    if request.path == f"{ROOT}/JQ/JobQueueCollection":
        # The device answers this one in JSON when it is asked to, whatever it does with the others.
        asked_json = "json" in request.headers.get("Accept", "")
        return _written(device.collection(), device, json_too=asked_json)
    if request.path == f"{ROOT}/JQ/JobQueue/{device.queue}/jobs/all":
        return _written(device.snapshot(), device)
    if "/JobQueue/" in request.path:
        return web.Response(status=404, text=UNKNOWN_QUEUE)
    return web.Response(status=404)


def self_signed() -> tuple[ssl.SSLContext, str]:
    """A server's TLS with a certificate that nobody vouches for, and its SHA-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "printer.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "printer.pem"
        file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(file)
    return context, hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def _written(tree: Tree, device: PiwsDevice, *, json_too: bool = False) -> web.Response:
    if device.style == "json" or json_too:
        return web.Response(body=to_json(tree), content_type="application/json")
    return web.Response(body=to_xml(tree), content_type="text/xml")
