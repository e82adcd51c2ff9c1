"""Nights that are over: their list, their reviews, their exports."""

from __future__ import annotations
