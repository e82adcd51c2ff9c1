"""What was run again to prove a night, kept for the next time that its review is read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from tui.model.review import Proof
from tui.store.layout import make_project_state, proofs_folder
from tui.store.state_names import short_digest
from tui.system.files import atomic_write, private_folder, read_small

_MOST_BYTES = 4 << 20
_MOST_KEPT = 100


class _ProofFile(Struct):
    night: str
    proof: Proof
    schema: int = 1


def save_proof(
    project: Path, night: str, proof: Proof, environ: Mapping[str, str] = os.environ
) -> None:
    """Keeps it in place of an earlier one of the night. Raises OSError or RefusedError."""
    make_project_state(project, environ)
    folder = private_folder(proofs_folder(project, environ))
    atomic_write(folder / _name(night), msgspec.json.encode(_ProofFile(night, proof)), sync=False)
    newest = sorted(folder.glob("*.json"), key=lambda one: -one.stat().st_mtime)
    for old in newest[_MOST_KEPT:]:
        with suppress(OSError):
            old.unlink()


def load_proof(project: Path, night: str, environ: Mapping[str, str] = os.environ) -> Proof | None:
    """The last proof of the night; None where there is none that can be read."""
    data = read_small(proofs_folder(project, environ) / _name(night), _MOST_BYTES)
    if not data:
        return None
    try:
        kept = msgspec.json.decode(data, type=_ProofFile)
    except (ValueError, RecursionError):
        return None
    return kept.proof if kept.night == night else None


def _name(night: str) -> str:
    return f"{short_digest(os.fsencode(night))}.json"
