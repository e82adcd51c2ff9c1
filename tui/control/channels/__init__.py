"""The ways in which a message reaches a session."""

from __future__ import annotations
