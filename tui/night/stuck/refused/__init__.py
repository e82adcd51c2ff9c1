"""Calls that are refused permission again and again, and the rules that would allow them."""

from __future__ import annotations
