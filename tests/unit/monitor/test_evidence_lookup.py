"""From a place that a review names to what stands there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.session_files import answer, bash, line, lines, speech, uid, write_project
from tests.unit import repositories
from tui.model.events import SourceRef
from tui.model.records import FileChange, Hunk
from tui.model.rows import EventDetail
from tui.monitor.history import evidence_lookup


def text(detail: EventDetail) -> str:
    return "\n".join([detail.title, *(f"{p.title}\n{p.text}" for p in detail.parts)])


def stream(folder: Path, *records: dict[str, object]) -> tuple[str, list[int]]:
    """A stream's path and where its lines begin."""
    path = folder / "session.jsonl"
    path.write_bytes(lines(records))
    starts, at = [], 0
    for record in records:
        starts.append(at)
        at += len(line(record)) + 1
    return str(path), starts


def test_an_event_is_shown_with_its_answer(tmp_path: Path) -> None:
    path, starts = stream(
        tmp_path,
        bash(1, "pytest -q", 1),
        answer(2, 1, "3 failed, 41 passed", 2),
        speech(3, "Oh.", 3),
    )
    for place in starts[:2]:
        shown = text(evidence_lookup.detail_of(SourceRef(path, place), tmp_path))
        assert "pytest -q" in shown and "3 failed, 41 passed" in shown
    assert "Oh." in text(evidence_lookup.detail_of(SourceRef(path, starts[2], uid(3)), tmp_path))


def test_a_result_without_its_call_is_shown_itself(tmp_path: Path) -> None:
    path, starts = stream(tmp_path, speech(1, "first", 1), answer(2, 99, "lonely output", 2))
    assert "lonely output" in text(evidence_lookup.detail_of(SourceRef(path, starts[1]), tmp_path))


def test_what_is_gone_says_so(tmp_path: Path) -> None:
    path, _ = stream(tmp_path, speech(1, "first", 1))
    assert "no longer in it" in text(evidence_lookup.detail_of(SourceRef(path, 9_999), tmp_path))
    assert "rewritten" in text(evidence_lookup.detail_of(SourceRef(path, 0, uid(77)), tmp_path))
    missing = text(evidence_lookup.detail_of(SourceRef(str(tmp_path / "none.jsonl"), 0), tmp_path))
    assert "cannot be read" in missing


def test_a_line_of_a_plain_file_is_shown_with_those_round_it(tmp_path: Path) -> None:
    progress = tmp_path / "claude-progress.txt"
    progress.write_text("# Progress\n\n- [x] one\n- [x] two\n- [ ] three\n")
    place = progress.read_text().index("- [x] two")
    detail = evidence_lookup.detail_of(SourceRef(str(progress), place), tmp_path)
    assert detail.parts[0].title == "line 4" and detail.parts[0].text == "- [x] two"
    assert "- [ ] three" in text(detail) and "- [x] one" in text(detail)
    found = evidence_lookup.text_detail(str(progress), "three", tmp_path)
    assert found.parts[0].text == "- [ ] three"
    nothing = evidence_lookup.text_detail(str(progress), "no such words", tmp_path)
    assert nothing.parts[0].title == "line 1"


def test_what_leads_out_of_the_project_is_named_and_not_shown(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "secret").write_text("the SECRET\n")
    link = project / "notes.md"
    link.symlink_to("../secret")
    ref = SourceRef(str(link), 0)
    for detail in (
        evidence_lookup.detail_of(ref, project),
        evidence_lookup.text_detail(str(link), "SECRET", project),
    ):
        assert "SECRET" not in text(detail)
        assert "notes.md is a link to a place outside" in text(detail)
    named = (str(link),)
    assert "SECRET" in text(evidence_lookup.detail_of(ref, project, named))
    assert "SECRET" in text(evidence_lookup.text_detail(str(link), "SECRET", project, named))


@pytest.mark.timeout(10)
def test_a_pipe_in_the_place_of_a_source_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "notes.md"
    os.mkfifo(pipe)
    for detail in (
        evidence_lookup.detail_of(SourceRef(str(pipe), 0), tmp_path),
        evidence_lookup.text_detail(str(pipe), "x", tmp_path),
    ):
        assert "cannot be read" in text(detail)


def test_an_operation_of_the_journal_is_shown(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    first = b'{"at":1.0,"kind":"note","id":"a","text":"one"}\n'
    journal.write_bytes(first + b'{"at":2.0,"kind":"checkpoint","id":"b","label":"before"}\n')
    detail = evidence_lookup.detail_of(SourceRef(str(journal), len(first)), tmp_path)
    assert detail.title == "checkpoint" and "before" in text(detail)


def test_a_commit_is_shown_with_its_diff(tmp_path: Path) -> None:
    project = repositories.make(tmp_path / "repo", {"a.txt": "one\n"})
    (project / "a.txt").write_text("two\n")
    repositories.sh(project, "commit", "-qam", "Second\n\nBecause.")
    sha = repositories.sh(project, "rev-parse", "HEAD").strip()
    for ref in (SourceRef("git", 0, sha), SourceRef(f"git:{sha}", 0)):
        shown = text(evidence_lookup.detail_of(ref, project))
        assert "Because." in shown and "-one" in shown and "+two" in shown
    assert "diff" in [part.style for part in evidence_lookup.commit_detail(project, sha).parts]
    assert "not known" in text(evidence_lookup.detail_of(SourceRef("git", 0), project))
    assert evidence_lookup.commit_detail(project, "f" * 40).parts[0].text
    assert (
        evidence_lookup.commit_detail(tmp_path / "repo", "--output=x")
        .parts[0]
        .text.startswith("Which")
    )


def test_control_characters_never_come_along(tmp_path: Path) -> None:
    project = repositories.make(tmp_path / "repo", {"a.txt": "\x1b]0;owned\x07\n"})
    sha = repositories.sh(project, "rev-parse", "HEAD").strip()
    (project / "notes.md").write_bytes(b"\x1b[2J first\n\x9b31m second\n")
    shown = text(evidence_lookup.commit_detail(project, sha))
    shown += text(evidence_lookup.detail_of(SourceRef(str(project / "notes.md"), 0), project))
    hunk = Hunk(1, 1, ("+\x1b[31mred", "-a"))
    shown += text(evidence_lookup.diff_detail("a\x1b.py", "why\x07", (hunk,)))
    shown += text(evidence_lookup.file_diff(FileChange("b\x9b.py", "modified", hunks=(hunk,))))
    assert not any((ord(sign) < 32 and sign != "\n") or 0x7F <= ord(sign) < 0xA0 for sign in shown)


def test_a_project_of_any_kind_never_fails(tmp_path: Path) -> None:
    project = write_project(tmp_path / "harbour")
    for name in ("logs/session.jsonl", "claude-progress.txt", "logs/watchdog.log", "none", "logs"):
        for place in (0, 1, 77, 10**9):
            assert evidence_lookup.detail_of(SourceRef(str(project / name), place), project).parts
