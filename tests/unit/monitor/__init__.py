"""Tests of monitor."""

from __future__ import annotations
