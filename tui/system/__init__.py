"""The machine and raw text: files, locks, processes, tmux."""

from __future__ import annotations
