"""Benchmarks: measured beside limits and peers in one run, on real servers."""

from __future__ import annotations
