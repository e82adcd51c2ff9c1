"""What is kept of stalls over all nights of a project."""

from __future__ import annotations
