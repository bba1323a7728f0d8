"""The printer attributes of a simulated printer (RFC 8011, section 5.4; PWG 5100.7 and 5100.14)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from deploy.demo.models import Input, Model, known_size
from services.collector.sources.ipp.media import Size
from services.collector.sources.ipp.message import Attribute, Range, Resolution, collection
from services.collector.sources.ipp.tags import Operation, Tag
from shared.units import UM_PER_IPP_UNIT

OPERATIONS: Final = (
    Operation.PRINT_JOB,
    Operation.VALIDATE_JOB,
    Operation.CREATE_JOB,
    Operation.SEND_DOCUMENT,
    Operation.CANCEL_JOB,
    Operation.GET_JOB_ATTRIBUTES,
    Operation.GET_JOBS,
    Operation.GET_PRINTER_ATTRIBUTES,
)
FORMATS: Final = ("application/octet-stream", "application/pdf", "image/pwg-raster", "image/urf", "image/jpeg")
JOB_TEMPLATE: Final = (
    "copies",
    "finishings",
    "media",
    "media-col",
    "orientation-requested",
    "output-bin",
    "page-ranges",
    "print-color-mode",
    "print-quality",
    "printer-resolution",
    "sides",
)
ROLL_MIN: Final = Size(279_000, 279_000)
MAX_FED_UM: Final = 15_240_000


def printer_attributes(model: Model, uri: str) -> tuple[Attribute, ...]:
    """All that does not change while the printer runs."""
    return (*_description(model, uri), *_capabilities(), *_media(model), *_options(model))


def media_col(size: Size, *, source: str, media_type: str, length: int | Range | None = None) -> list[Attribute]:
    """The members of a media-col."""
    y_tag = Tag.RANGE if isinstance(length, Range) else Tag.INTEGER
    dimensions = (
        Attribute.of("x-dimension", Tag.INTEGER, size.width_um // UM_PER_IPP_UNIT),
        Attribute.of("y-dimension", y_tag, length or size.length_um // UM_PER_IPP_UNIT),
    )
    return [
        collection("media-size", dimensions),
        *(Attribute.of(f"media-{edge}-margin", Tag.INTEGER, 500) for edge in ("top", "bottom", "left", "right")),
        Attribute.of("media-source", Tag.KEYWORD, source),
        Attribute.of("media-type", Tag.KEYWORD, media_type),
    ]


def _description(model: Model, uri: str) -> Iterable[Attribute]:
    make, _, what = model.make_and_model.partition(" ")
    yield Attribute.of("charset-configured", Tag.CHARSET, "utf-8")
    yield Attribute.of("charset-supported", Tag.CHARSET, "utf-8", "us-ascii")
    yield Attribute.of("natural-language-configured", Tag.LANGUAGE, "en")
    yield Attribute.of("generated-natural-language-supported", Tag.LANGUAGE, "en")
    yield Attribute.of("printer-name", Tag.NAME, model.key)
    yield Attribute.of("printer-info", Tag.TEXT, model.name)
    yield Attribute.of("printer-location", Tag.TEXT, model.location)
    yield Attribute.of("printer-make-and-model", Tag.TEXT, model.make_and_model)
    yield Attribute.of("printer-device-id", Tag.TEXT, f"MFG:{make};MDL:{what};SN:{model.serial};CMD:PDF;")
    yield Attribute.of("printer-uuid", Tag.URI, f"urn:uuid:{uuid5(NAMESPACE_URL, f'inkmeter:{model.serial}')}")
    yield Attribute.of("printer-uri-supported", Tag.URI, uri)
    yield Attribute.of("uri-authentication-supported", Tag.KEYWORD, "requesting-user-name")
    yield Attribute.of("uri-security-supported", Tag.KEYWORD, "none")
    yield Attribute.of("printer-more-info", Tag.URI, uri.replace("ipp://", "http://"))
    yield Attribute.of("printer-is-accepting-jobs", Tag.BOOLEAN, True)
    yield Attribute.of("color-supported", Tag.BOOLEAN, True)
    yield Attribute.of("printer-resolution-supported", Tag.RESOLUTION, Resolution(600, 600))
    yield Attribute.of("printer-resolution-default", Tag.RESOLUTION, Resolution(600, 600))


def _capabilities() -> Iterable[Attribute]:
    yield Attribute.of("ipp-versions-supported", Tag.KEYWORD, "1.1", "2.0")
    yield Attribute.of("operations-supported", Tag.ENUM, *OPERATIONS)
    yield Attribute.of("compression-supported", Tag.KEYWORD, "none")
    yield Attribute.of("document-format-supported", Tag.MIME_TYPE, *FORMATS)
    yield Attribute.of("document-format-default", Tag.MIME_TYPE, FORMATS[0])
    yield Attribute.of("pdl-override-supported", Tag.KEYWORD, "attempted")
    yield Attribute.of("multiple-document-jobs-supported", Tag.BOOLEAN, False)
    yield Attribute.of("multiple-operation-time-out", Tag.INTEGER, 60)
    yield Attribute.of("which-jobs-supported", Tag.KEYWORD, "completed", "not-completed")
    yield Attribute.of("job-account-id-supported", Tag.BOOLEAN, True)
    yield Attribute.of(
        "job-creation-attributes-supported", Tag.KEYWORD, *JOB_TEMPLATE, "job-account-id", "job-name"
    )
    yield Attribute.of("media-col-supported", Tag.KEYWORD, "media-size", "media-source", "media-type")


def _media(model: Model) -> Iterable[Attribute]:
    first = model.inputs[0]
    rolls = [one for one in model.inputs if one.roll_width_um]
    ranges = ("roll_min_279x279mm", f"roll_max_{rolls[0].roll_width_um // 1000}x15240mm") if rolls else ()  # type: ignore[operator]
    yield Attribute.of("media-supported", Tag.KEYWORD, *model.sizes, *ranges)
    yield Attribute.of("media-default", Tag.KEYWORD, first.size_name)
    yield Attribute.of("media-ready", Tag.KEYWORD, *(one.size_name for one in model.inputs))
    yield Attribute.of("media-source-supported", Tag.KEYWORD, *(one.source for one in model.inputs), "auto")
    yield Attribute.of("media-type-supported", Tag.KEYWORD, *sorted({one.media_type for one in model.inputs}))
    for edge in ("top", "bottom", "left", "right"):
        yield Attribute.of(f"media-{edge}-margin-supported", Tag.INTEGER, 500)
    yield collection("media-col-default", media_col(first.size, source=first.source, media_type=first.media_type))
    yield collection("media-col-ready", *(_ready(one) for one in model.inputs))
    yield collection(
        "media-col-database",
        *(
            media_col(known_size(name), source=one.source, media_type=one.media_type)
            for one in model.inputs
            for name in model.sizes
        ),
    )


def _ready(loaded: Input) -> list[Attribute]:
    """A tray's sheet, or a roll: its width, and any length up to the longest."""
    if loaded.roll_width_um is None:
        return media_col(loaded.size, source=loaded.source, media_type=loaded.media_type)
    roll = Size(loaded.roll_width_um, MAX_FED_UM)
    lengths = Range(ROLL_MIN.length_um // UM_PER_IPP_UNIT, MAX_FED_UM // UM_PER_IPP_UNIT)
    return media_col(roll, source=loaded.source, media_type=loaded.media_type, length=lengths)


def _options(model: Model) -> Iterable[Attribute]:
    yield Attribute.of("copies-default", Tag.INTEGER, 1)
    yield Attribute.of("copies-supported", Tag.RANGE, Range(1, 999))
    yield Attribute.of("sides-default", Tag.KEYWORD, "one-sided")
    yield Attribute.of("sides-supported", Tag.KEYWORD, *model.sides)
    yield Attribute.of("print-color-mode-default", Tag.KEYWORD, model.default_colour)
    yield Attribute.of("print-color-mode-supported", Tag.KEYWORD, "auto", "color", "monochrome")
    yield Attribute.of("print-quality-default", Tag.ENUM, 4)
    yield Attribute.of("print-quality-supported", Tag.ENUM, 3, 4, 5)
    yield Attribute.of("finishings-default", Tag.ENUM, 3)
    yield Attribute.of("finishings-supported", Tag.ENUM, 3)
    yield Attribute.of("orientation-requested-default", Tag.ENUM, 3)
    yield Attribute.of("orientation-requested-supported", Tag.ENUM, 3, 4)
    yield Attribute.of("output-bin-default", Tag.KEYWORD, "face-up")
    yield Attribute.of("output-bin-supported", Tag.KEYWORD, "face-up")
    yield Attribute.of("page-ranges-supported", Tag.BOOLEAN, False)
    yield Attribute.of("pwg-raster-document-type-supported", Tag.KEYWORD, "srgb_8", "sgray_8")
    yield Attribute.of("pwg-raster-document-resolution-supported", Tag.RESOLUTION, Resolution(300, 300))
    yield Attribute.of("urf-supported", Tag.KEYWORD, "V1.4", "CP1", "W8", "SRGB24", "RS300")
