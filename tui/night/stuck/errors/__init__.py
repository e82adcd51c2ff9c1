"""Detectors of what fails the same way, whatever is tried."""

from __future__ import annotations
