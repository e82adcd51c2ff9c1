"""The simulated agent as tests run it: with stories of one behaviour each."""

from __future__ import annotations
