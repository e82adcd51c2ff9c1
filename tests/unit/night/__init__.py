"""Tests of night."""

from __future__ import annotations
