"""Detectors that look at turns and words: who prompts, what a turn brought, what was only said."""

from __future__ import annotations
