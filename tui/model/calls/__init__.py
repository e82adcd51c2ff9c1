"""What calls of tools change."""

from __future__ import annotations
