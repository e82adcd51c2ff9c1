"""Tests of which sessions exist and which one is meant."""

from __future__ import annotations
