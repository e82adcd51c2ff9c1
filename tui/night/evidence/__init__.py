"""What claims and risks are checked against: test runs, edits, commits, commands."""

from __future__ import annotations
