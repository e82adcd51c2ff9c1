"""What the supervisor does by itself: limits, stalls, baseline tests, prompts."""

from __future__ import annotations
