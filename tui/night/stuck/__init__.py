"""Detectors of sessions that do nothing useful."""

from __future__ import annotations
