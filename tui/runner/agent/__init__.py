"""One agent process: launch, messages, turns, escalation, end."""

from __future__ import annotations
