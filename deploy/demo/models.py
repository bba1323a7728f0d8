"""The simulated printers: what they are called, what is loaded and how fast they print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.collector.sources.ipp.media import Size, size_from_name
from shared.errors import Reject


@dataclass(frozen=True, slots=True)
class Input:
    """A roll or a tray; `roll_width_um` is None for a tray of sheets."""

    source: str
    media_type: str
    size_name: str
    roll_width_um: int | None = None

    @property
    def size(self) -> Size:
        """The page that is printed from here unless a job asks for another."""
        return known_size(self.size_name)


@dataclass(frozen=True, slots=True)
class Model:
    """One simulated printer."""

    key: str
    name: str
    make_and_model: str
    serial: str
    inputs: tuple[Input, ...]
    sizes: tuple[str, ...]
    sides: tuple[str, ...] = ("one-sided",)
    default_colour: str = "color"
    seconds_per_job: float = 1.0
    seconds_per_m2: float = 2.0

    @property
    def location(self) -> str:
        """Where it stands."""
        return "Plot room" if self.inputs[0].roll_width_um else "Office, first floor"


def known_size(name: str) -> Size:
    """The size of a self-describing media name.

    Raises:
        Reject: the name tells no size.
    """
    size = size_from_name(name)
    if size is None:
        raise Reject(f"{name} is not a self-describing media name")
    return size


A0: Final = "iso_a0_841x1189mm"
A1: Final = "iso_a1_594x841mm"
A2: Final = "iso_a2_420x594mm"
A3: Final = "iso_a3_297x420mm"
A4: Final = "iso_a4_210x297mm"

T1700: Final = Model(
    key="t1700",
    name="Plotter 1 (drawings)",
    make_and_model="HP DesignJet T1700",
    serial="CN8DEMO170",
    inputs=(
        Input("roll-1", "stationery", A1, roll_width_um=914_400),
        Input("roll-2", "stationery-coated", A0, roll_width_um=914_400),
    ),
    sizes=(A0, A1, A2, A3),
)
TX4100: Final = Model(
    key="tx4100",
    name="Plotter 2 (posters)",
    make_and_model="Canon imagePROGRAF TX-4100",
    serial="AFDEMO4100",
    inputs=(
        Input("roll-1", "photographic-glossy", A1, roll_width_um=1_067_000),
        Input("roll-2", "stationery-heavyweight", A0, roll_width_um=914_400),
    ),
    sizes=(A0, A1, A2),
    seconds_per_m2=3.0,
)
MFP: Final = Model(
    key="mfp",
    name="Office MFP",
    make_and_model="Brother MFC-L9670CDN",
    serial="E8DEMO9670",
    inputs=(Input("tray-1", "stationery", A4), Input("tray-2", "stationery", A3)),
    sizes=(A4, A3),
    sides=("one-sided", "two-sided-long-edge", "two-sided-short-edge"),
    default_colour="monochrome",
    seconds_per_job=0.5,
    seconds_per_m2=1.0,
)
MODELS: Final = (T1700, TX4100, MFP)
