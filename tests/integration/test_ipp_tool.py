"""ipptool, the reference client, agrees with our codec about what real printers and simulated ones say."""

from __future__ import annotations

import asyncio
import plistlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.models import MFP, MODELS, T1700, Model
from deploy.demo.server import serve_printer
from services.collector.sources.ipp.client import Address, IppClient
from services.collector.sources.ipp.message import Attribute, Collection, LanguageText, Range, Resolution
from services.collector.sources.ipp.requests import get_printer_attributes
from services.collector.sources.ipp.source import IppSource
from services.collector.sources.ipp.tags import GroupTag
from shared.events.jobs import PrinterRef
from tests.fixtures.cups.documents import pdf
from tests.fixtures.cups.ippeveprinter import start_ippeveprinter

pytestmark = pytest.mark.needs("ipptool", "ippeveprinter", "dbus-daemon")

SUITES = (
    "get-printer-attributes",
    "validate-job",
    "print-job",
    "print-job-media-col",
    "create-job",
    "get-jobs",
    "get-completed-jobs",
    "cancel-current-job",
    "get-job-template-attributes",
    "get-printer-description-attributes",
    "ipp-1.1",
)
MOVING = {"printer-up-time", "printer-current-time"}


async def ipptool(*arguments: str) -> tuple[int, bytes]:
    """Runs ipptool beside the simulated printers, which live in this process."""
    process = await asyncio.create_subprocess_exec(
        "ipptool", "-T", "10", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(90):
        out, _ = await process.communicate()
    return process.returncode or 0, out


@pytest.mark.parametrize("suite", SUITES)
async def test_a_simulated_printer_passes_the_reference_suite(suite: str, tmp_path: Path) -> None:
    document = pdf(tmp_path / "plan.pdf", pages=2)
    async with serve_printer(T1700) as serving:
        if suite == "cancel-current-job":
            await ipptool("-t", "-f", str(document), serving.uri, "print-job.test")
        code, out = await ipptool("-tI", "-f", str(document), serving.uri, f"{suite}.test")
    assert code == 0, out.decode(errors="replace")[-3_000:]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.key)
async def test_a_job_that_ipptool_prints_on_a_simulated_printer_is_read_by_the_source(
    model: Model, tmp_path: Path
) -> None:
    document = pdf(tmp_path / "plan.pdf", pages=2)
    async with serve_printer(model, pace=0.02) as serving:
        code, out = await ipptool("-t", "-f", str(document), serving.uri, "print-job-and-wait.test")
        source = IppSource.at(serving.uri, PrinterRef(id=model.key))
        facts, reading = await source.probe(), await source.completed_jobs()
        await source.close()
    assert code == 0, out.decode(errors="replace")[-3_000:]
    assert (facts.serial, facts.make_and_model) == (model.serial, model.make_and_model)
    (job,) = reading.jobs
    assert (job.outcome, job.lines[0].impressions) == ("completed", 2)
    assert job.lines[0].roll_width_um == model.inputs[0].roll_width_um


async def test_our_codec_reads_of_a_real_printer_what_ipptool_reads(tmp_path: Path) -> None:
    # Without a file of attributes: from one, ippeveprinter says some twice, which ipptool refuses.
    printer = start_ippeveprinter(tmp_path / "eve", attributes=None)
    try:
        request = tmp_path / "all.test"
        request.write_text(
            "{\nOPERATION Get-Printer-Attributes\nGROUP operation-attributes-tag\n"
            "ATTR charset attributes-charset utf-8\nATTR language attributes-natural-language en\n"
            "ATTR uri printer-uri $uri\nATTR keyword requested-attributes all,media-col-database\n}\n"
        )
        code, out = await ipptool("-X", printer.uri, str(request))
        client = IppClient(Address.parse(printer.uri))
        answer = await client.send(get_printer_attributes(printer.uri, ("all", "media-col-database")))
        await client.close()
    finally:
        printer.stop()
    assert code == 0, out.decode(errors="replace")[-2_000:]
    theirs = plistlib.loads(out)["Tests"][0]["ResponseAttributes"][1]
    ours = {one.name: plain(one) for one in answer.first(GroupTag.PRINTER)}
    assert len(ours) > 80
    assert ours.keys() == theirs.keys()
    different = {
        name: (ours[name], theirs[name]) for name in ours.keys() - MOVING if not same(ours[name], theirs[name])
    }
    assert not different


def plain(attribute: Attribute) -> Any:
    """An attribute as ipptool's plist has it: one value, or an array of several."""
    values = [_plain(value.data) for value in attribute.values]
    return values[0] if len(values) == 1 else values


def _plain(data: Any) -> Any:
    match data:
        case Collection(members):
            return {member.name: plain(member) for member in members}
        case Range(lower, upper):
            return {"lower": lower, "upper": upper}
        case Resolution(across, along, units):
            return {"xres": across, "yres": along, "units": {3: "dpi", 4: "dpcm"}[units]}
        case LanguageText(language, text):
            return {"language": language, "string": text}
        case None:
            return ""
    return data


def same(ours: Any, theirs: Any) -> bool:
    """Equal but for how a plist writes things: times without their zone, and out-of-band values in words."""
    if isinstance(ours, list):
        return isinstance(theirs, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, Mapping):
        return ours.keys() == theirs.keys() and all(same(ours[name], theirs[name]) for name in ours)
    if isinstance(ours, datetime):
        return bool(ours.replace(tzinfo=None) == theirs)
    if ours == "" and isinstance(theirs, str):
        return theirs in ("", "<<unknown>>", "<<no-value>>")
    return bool(ours == theirs)


async def test_the_office_printer_counts_two_sides_on_one_sheet(tmp_path: Path) -> None:
    document = pdf(tmp_path / "minutes.pdf", pages=3, width_pt=595, height_pt=842)
    request = tmp_path / "duplex.test"
    request.write_text(
        "{\nOPERATION Print-Job\nGROUP operation-attributes-tag\n"
        "ATTR charset attributes-charset utf-8\nATTR language attributes-natural-language en\n"
        'ATTR uri printer-uri $uri\nATTR name requesting-user-name "kate"\nATTR name job-name "Minutes"\n'
        "ATTR mimeMediaType document-format application/pdf\nGROUP job-attributes-tag\n"
        "ATTR integer copies 2\nATTR keyword sides two-sided-long-edge\n"
        'ATTR keyword media iso_a3_297x420mm\nATTR name job-account-id "P-0001"\nFILE $filename\n'
        "STATUS successful-ok\n}\n"
    )
    async with serve_printer(MFP, pace=0.02) as serving:
        code, out = await ipptool("-tI", "-f", str(document), serving.uri, str(request))
        source = IppSource.at(serving.uri, PrinterRef(id="mfp"))
        reading = await source.completed_jobs()
        async with asyncio.timeout(20):
            while not reading.jobs:
                await asyncio.sleep(0.05)
                reading = await source.completed_jobs(reading.cursor)
        await source.close()
    assert code == 0, out.decode(errors="replace")[-2_000:]
    (job,) = reading.jobs
    assert (job.project, job.copies, job.lines[0].impressions, job.lines[0].sheets) == ("P-0001", 2, 6, 4)
    assert job.lines[0].used_area_mm2 == 4 * 297 * 420
