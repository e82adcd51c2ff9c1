"""Detectors that look at turns and words: who prompts, what a turn brought, and words alone."""

from __future__ import annotations
