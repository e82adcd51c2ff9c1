"""Tokens, money and the context window."""

from __future__ import annotations
