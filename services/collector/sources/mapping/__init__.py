"""Records of files to jobs, by a mapping file: what to take from where, in which unit, and how it is written."""

from __future__ import annotations

from services.collector.sources.mapping.document import Mapping
from services.collector.sources.mapping.engine import Mapped, MappedPart, map_part, map_whole
from services.collector.sources.mapping.faults import Fault
from services.collector.sources.mapping.loading import load_mapping

__all__ = ["Fault", "Mapped", "MappedPart", "Mapping", "load_mapping", "map_part", "map_whole"]
