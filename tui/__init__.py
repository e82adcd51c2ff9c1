"""overnight-tui: watch, steer and review Claude Code sessions that work alone."""

from __future__ import annotations

__version__ = "0.1.0"
