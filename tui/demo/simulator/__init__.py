"""The simulated agent: its wire, session, turns, tools and transcript."""

from __future__ import annotations
