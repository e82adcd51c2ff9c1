"""The copies of transcripts that a run keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tui.runner.artifacts import RunArtifacts
from tui.runner.run_context import RunContext
from tui.settings.settings import Settings
from tui.store.runs import RunFacts, create_run


@pytest.fixture
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunArtifacts:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    facts = RunFacts("r", "goal", str(tmp_path), 1_000.0, ("agent",))
    artifacts = RunArtifacts(
        RunContext.load(create_run(tmp_path / "runs", facts, Settings()), FakeClock())
    )
    artifacts._transcript_folder().mkdir(parents=True)
    return artifacts


def test_subagents_are_copied_too(artifacts: RunArtifacts) -> None:
    folder, context = artifacts._transcript_folder(), artifacts._context
    context.state.session = "s"
    (folder / "s" / "subagents").mkdir(parents=True)
    (folder / "s.jsonl").write_text("1\n")
    (folder / "s" / "subagents" / "a.jsonl").write_text("2\n")
    (folder / "s" / "subagents" / "a.meta").write_text("3\n")
    artifacts.copy_transcripts()
    kept = context.folder.transcripts
    copies = {
        str(path.relative_to(kept)): path.read_text() for path in kept.rglob("*") if path.is_file()
    }
    assert copies == {"s.jsonl": "1\n", "s/subagents/a.jsonl": "2\n"}


def test_a_session_whose_name_is_no_file_name_stops_nothing(artifacts: RunArtifacts) -> None:
    artifacts._context.state.session = "s" * 300
    artifacts.copy_transcripts()
    assert not list(artifacts._context.folder.transcripts.glob("**/*.jsonl"))
