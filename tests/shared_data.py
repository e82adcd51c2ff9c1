"""Recorded material that is not part of the project; tests that want it skip without it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def shared(*parts: str) -> Path:
    """The path of a shared file or folder; skips the calling test when it is not there."""
    base = Path(os.environ.get("OVERNIGHT_SHARED", REPOSITORY.parent / "shared"))
    path = base.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no shared material at {path}")
    return path
