"""Joins feeds and night: live reading, row index, search, list of nights, building a review."""

from __future__ import annotations
