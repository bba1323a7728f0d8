"""The same work with other stream processors, each with the best settings that its documentation names."""

from __future__ import annotations
