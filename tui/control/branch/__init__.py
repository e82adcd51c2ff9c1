"""A branch with chosen commits and files of a night."""

from __future__ import annotations
