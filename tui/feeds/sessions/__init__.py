"""Which sessions exist, where their files lie, and which one is meant."""

from __future__ import annotations
