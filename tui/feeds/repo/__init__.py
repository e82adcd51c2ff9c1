"""Git as records: commits, diffs, the range of a night."""

from __future__ import annotations
