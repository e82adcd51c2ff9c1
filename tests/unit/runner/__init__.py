"""Tests of runner."""

from __future__ import annotations
