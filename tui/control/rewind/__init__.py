"""Bringing files back to a checkpoint, and undoing that."""

from __future__ import annotations
