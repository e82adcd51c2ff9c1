"""The machine and raw text: clocks, files, locks, processes, git, tmux, sanitising, credentials, formatting."""

from __future__ import annotations
