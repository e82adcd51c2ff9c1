"""Which content of a repository a person has approved, by digest."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def is_trusted(project: Path, digest: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the person trusts the project as it is: its settings file has this digest (empty: it has none).

    Trust is given to a repository, with all its linked work trees, and to no other. Nothing in a
    repository can give it.
    """
    return False
