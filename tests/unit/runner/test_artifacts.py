"""The copies of transcripts that a run keeps."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tui.night.fold import NightFold
from tui.runner.artifacts import RunArtifacts, initialise_files
from tui.runner.run_context import RunContext
from tui.settings.settings import Settings
from tui.store.journal import read_entries
from tui.store.project_files import FileRefusal
from tui.store.runs import RunFacts, create_run


@pytest.fixture
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunArtifacts:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    project = tmp_path / "project"
    project.mkdir()
    facts = RunFacts("r", "goal", str(project), 1_000.0, ("agent",))
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


def notes(artifacts: RunArtifacts) -> list[str]:
    entries = read_entries(artifacts._context.folder.journal)
    return [str(entry.data["text"]) for entry in entries if entry.kind == "note"]


def plant(artifacts: RunArtifacts, tmp_path: Path) -> Path:
    """Links to an outside folder where the run keeps its logs."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (artifacts._context.project / "logs").symlink_to(outside)
    return outside


def test_a_log_that_leads_outside_is_left_alone_and_noted_once(
    artifacts: RunArtifacts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outside, context = plant(artifacts, tmp_path), artifacts._context
    for text in ("one", "two"):
        context.log_line(text, "ERROR")
    artifacts.on_session_end(NightFold().snapshot(0.0))
    assert list(outside.iterdir()) == []
    assert [text.partition("'")[2].partition("'")[0] for text in notes(artifacts)] == [
        str(context.project / "logs" / name) for name in ("watchdog.log", "session-history.jsonl")
    ]
    assert "watchdog.log" in capsys.readouterr().err
    # A supervisor that takes over does not say it again.
    context.save()
    RunContext.load(context.folder, FakeClock()).log_line("three", "ERROR")
    assert len(notes(artifacts)) == 2


def test_published_transcripts_are_copies(artifacts: RunArtifacts) -> None:
    context = artifacts._context
    context.state.transcripts["s"] = 0
    kept = context.folder.kept_transcript("s")
    kept.write_text("1\n")
    place = context.project / "logs/transcripts/transcript-s.jsonl"
    place.parent.mkdir(parents=True)
    place.symlink_to(context.project / "code.py")
    artifacts.publish_transcripts()
    assert (place.read_text(), place.is_symlink()) == ("1\n", False)
    assert not (context.project / "code.py").exists()
    place.write_text("changed by somebody\n")
    assert kept.read_text() == "1\n"


def test_transcripts_are_not_published_through_a_link(
    artifacts: RunArtifacts, tmp_path: Path
) -> None:
    outside, context = plant(artifacts, tmp_path), artifacts._context
    context.state.transcripts["s"] = 0
    context.folder.kept_transcript("s").write_text("1\n")
    artifacts.publish_transcripts()
    assert list(outside.iterdir()) == []
    assert len(notes(artifacts)) == 1


def test_a_transcript_that_is_no_file_of_claude_is_not_copied(
    artifacts: RunArtifacts, tmp_path: Path
) -> None:
    folder, context = artifacts._transcript_folder(), artifacts._context
    context.state.transcripts.update(pipe=0, link=0)
    os.mkfifo(folder / "pipe.jsonl")
    (tmp_path / "secret.jsonl").write_text("secret\n")
    (folder / "link.jsonl").symlink_to(tmp_path / "secret.jsonl")
    artifacts.copy_transcripts()
    assert list(context.folder.transcripts.iterdir()) == []


def test_first_files_are_not_made_through_links(artifacts: RunArtifacts, tmp_path: Path) -> None:
    context = artifacts._context
    (context.project / "claude-progress.txt").symlink_to(tmp_path.parent / "made")
    refused = initialise_files(context.project, Settings(), "r", "goal", 0.0)
    assert [error.refusal for error in refused] == [FileRefusal.OUTSIDE]
    assert not (tmp_path.parent / "made").exists()
    assert "goal" in (context.project / "claude-session-notes.md").read_text()
