"""Benchmarks against limits and peers: all measured in one run on one machine, told as ratios."""

from __future__ import annotations
