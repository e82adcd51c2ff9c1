"""stub"""
from __future__ import annotations
from pathlib import Path
def needed_checkpoints(project: Path) -> set[str]:
    return set()
