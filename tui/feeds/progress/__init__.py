"""Progress files as tasks, counts and blockers."""

from __future__ import annotations
