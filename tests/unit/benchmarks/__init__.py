"""Tests of the benchmark of stalls and of its own episodes."""

from __future__ import annotations
