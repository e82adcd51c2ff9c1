"""The screen that watches a session."""

from __future__ import annotations
