"""Claude Code's streams and transcripts as events."""

from __future__ import annotations
