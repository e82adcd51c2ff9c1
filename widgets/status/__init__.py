"""Rows that show the state of a session."""

from __future__ import annotations
