"""Dialogs and pickers."""

from __future__ import annotations
