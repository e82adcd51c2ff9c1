"""Tests of control."""

from __future__ import annotations
