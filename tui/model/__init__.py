"""Frozen types and enums that travel between packages."""

from __future__ import annotations
