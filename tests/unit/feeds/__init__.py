"""Tests of feeds."""

from __future__ import annotations
