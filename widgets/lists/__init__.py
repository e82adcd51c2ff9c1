"""Scrolling views of rows."""

from __future__ import annotations
