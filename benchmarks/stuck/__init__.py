"""Measures how well sessions that are stuck are found: `benchmarks.stalls` is its command."""

from __future__ import annotations
