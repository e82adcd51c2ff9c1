"""Tests of the review."""

from __future__ import annotations
