"""Installing and removing our hooks in Claude Code's settings."""

from __future__ import annotations
