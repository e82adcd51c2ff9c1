"""Following files that others write: appended lines, rotation, replacement, saved positions."""

from __future__ import annotations
