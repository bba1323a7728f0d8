"""The objects that are read, by the names of the standards: RFC 3418, 2790, 3805, 4133."""

from __future__ import annotations

from typing import Final

from services.collector.snmp.values import Oid

SYS_DESCR: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 1, 0)
SYS_OBJECT_ID: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 2, 0)
SYS_UP_TIME: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 3, 0)
ENTERPRISES: Final[Oid] = (1, 3, 6, 1, 4, 1)

HR_DEVICE: Final[Oid] = (1, 3, 6, 1, 2, 1, 25, 3, 2, 1)
HR_DEVICE_TYPE, HR_DEVICE_DESCR, HR_DEVICE_STATUS = 2, 3, 5
HR_DEVICE_PRINTER: Final[Oid] = (1, 3, 6, 1, 2, 1, 25, 3, 1, 5)
HR_PRINTER: Final[Oid] = (1, 3, 6, 1, 2, 1, 25, 3, 5, 1)
HR_PRINTER_STATUS, HR_PRINTER_ERRORS = 1, 2

GENERAL: Final[Oid] = (1, 3, 6, 1, 2, 1, 43, 5, 1, 1)
CONFIG_CHANGES, PRINTER_NAME, SERIAL_NUMBER = 1, 16, 17

INPUT: Final[Oid] = (1, 3, 6, 1, 2, 1, 43, 8, 2, 1)
INPUT_CAPACITY, INPUT_LEVEL, INPUT_STATUS, INPUT_MEDIA, INPUT_NAME, INPUT_DESCR, INPUT_MEDIA_TYPE = (
    9,
    10,
    11,
    12,
    13,
    18,
    21,
)

MARKER: Final[Oid] = (1, 3, 6, 1, 2, 1, 43, 10, 2, 1)
MARKER_TECH, COUNTER_UNIT, LIFE_COUNT, POWER_ON_COUNT = 2, 3, 4, 5

SUPPLY: Final[Oid] = (1, 3, 6, 1, 2, 1, 43, 11, 1, 1)
SUPPLY_COLORANT, SUPPLY_CLASS, SUPPLY_TYPE, SUPPLY_DESCR, SUPPLY_UNIT, SUPPLY_CAPACITY, SUPPLY_LEVEL = (
    3,
    4,
    5,
    6,
    7,
    8,
    9,
)

COLORANT: Final[Oid] = (1, 3, 6, 1, 2, 1, 43, 12, 1, 1)
COLORANT_VALUE: Final = 4

ALERT: Final[Oid] = (1, 3, 6, 1, 2, 1, 43, 18, 1, 1)
(
    ALERT_SEVERITY,
    ALERT_TRAINING,
    ALERT_GROUP,
    ALERT_GROUP_INDEX,
    ALERT_LOCATION,
    ALERT_CODE,
    ALERT_DESCR,
) = (2, 3, 4, 5, 6, 7, 8)

ENTITY: Final[Oid] = (1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1)
ENTITY_SERIAL, ENTITY_MAKER, ENTITY_MODEL = 11, 12, 13

UNITS: Final = {
    3: "ten_thousandths_of_in",
    4: "um",
    5: "characters",
    6: "lines",
    7: "impressions",
    8: "sheets",
    9: "dot_rows",
    11: "hours",
    12: "thousandths_of_oz",
    13: "tenths_of_g",
    14: "hundredths_of_fl_oz",
    15: "tenths_of_ml",
    16: "feet",
    17: "metres",
    18: "items",
    19: "percent",
}
"""PrtMarkerCounterUnitTC and PrtMarkerSuppliesSupplyUnitTC: they share their numbers."""
