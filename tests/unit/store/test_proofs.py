"""A proof is kept for its night, and what cannot be read is none."""

from __future__ import annotations

from pathlib import Path

from tui.model.review import Proof, ProofRun
from tui.store.layout import proofs_folder
from tui.store.ledgers.proofs import load_proof, save_proof


def test_the_last_proof_of_a_night_is_kept(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}
    project = tmp_path / "project"
    project.mkdir()
    assert load_proof(project, "n", environ) is None
    proof = Proof(1.0, (ProofRun("pytest", None, "t", 2.0, "out", failed=("a",)),), "red", "t")
    save_proof(project, "n", Proof(0.5), environ)
    save_proof(project, "n", proof, environ)
    save_proof(project, "../m", Proof(2.0), environ)
    assert load_proof(project, "n", environ) == proof
    assert load_proof(project, "other", environ) is None
    files = list(proofs_folder(project, environ).iterdir())
    assert len(files) == 2
    for file in files:
        assert file.stat().st_mode & 0o777 == 0o600
        file.write_bytes(b'{"night":"n","proof":{"at":"x"}}')
    assert load_proof(project, "n", environ) is None
