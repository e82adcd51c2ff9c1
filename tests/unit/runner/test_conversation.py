"""Conversations cut before a compaction: when that is needed, and what does it."""

from __future__ import annotations

import json
import uuid
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.session_files import SESSION, answer, bash, init, lines, speech, uid
from tui.runner import conversation_place, rewinds
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory
from tui.store.runs import RunFacts, create_run
from tui.system.errors import RefusedError
from tui.system.files import atomic_write


def boundary(number: int, **more: object) -> dict[str, object]:
    facts = {"trigger": "auto", "pre_tokens": 900, "post_tokens": 90}
    return {
        "type": "system", "subtype": "compact_boundary", "compact_metadata": facts,
        "session_id": SESSION, "uuid": uid(number), **more,
    }  # fmt: skip


def run(
    folder: Path, *records: dict[str, object], env: dict[str, str] | None = None
) -> RunDirectory:
    facts = RunFacts("r1", "a goal", str(folder), 0.0, ("claude",), env=env or {})
    made = create_run(folder, facts, Settings())
    atomic_write(made.stream, lines([init(0), *records]))
    return made


@pytest.mark.parametrize(
    ("records", "place", "expected"),
    [
        ([speech(1, "a"), boundary(2), speech(3, "b")], 1, True),
        ([speech(1, "a"), boundary(2), speech(3, "b")], 3, False),
        ([speech(1, "a"), speech(3, "compact_boundary")], 1, False),
        ([speech(1, "a"), boundary(2, session_id="another-session")], 1, False),
        ([speech(1, "a"), boundary(2, parent_tool_use_id="toolu_7")], 1, False),
        ([speech(1, "a")], 9, False),
    ],
)
def test_whether_the_cli_finds_the_place_no_longer(
    tmp_path: Path, records: list[dict[str, object]], place: int, expected: bool
) -> None:
    folder = run(tmp_path, *records)
    assert conversation_place.was_compacted_after(folder, SESSION, uid(place)) is expected


@pytest.mark.skipif(find_spec("claude_agent_sdk") is not None, reason="the package is installed")
def test_without_the_package_it_is_refused_with_the_reason(tmp_path: Path) -> None:
    folder = run(tmp_path, speech(1, "a"), boundary(2))
    with pytest.raises(RefusedError, match="claude-agent-sdk"):
        rewinds.check_fork()
    with pytest.raises(RefusedError, match="compacted since"):
        rewinds.fork_conversation(folder, tmp_path, SESSION, uid(1))


@pytest.mark.skipif(find_spec("claude_agent_sdk") is None, reason="the package is not installed")
def test_the_package_forks_up_to_the_place(tmp_path: Path) -> None:
    session, project = str(uuid.uuid4()), tmp_path / "project"
    project.mkdir()
    config = tmp_path / "claude"
    store = config / "projects" / "".join(c if c.isalnum() else "-" for c in str(project))
    store.mkdir(parents=True)
    said = [speech(1, "first"), bash(2, "ls"), answer(3, 2, "out"), speech(4, "last")]
    parent, kept = None, []
    for record in said:
        kept.append({**record, "sessionId": session, "parentUuid": parent, "cwd": str(project)})
        parent = record["uuid"]
    (store / f"{session}.jsonl").write_bytes(lines(kept))
    folder = run(tmp_path, env={"CLAUDE_CONFIG_DIR": str(config)})
    made = rewinds.fork_conversation(folder, project, session, uid(3))
    text = (store / f"{made}.jsonl").read_text("utf-8")
    assert made != session
    assert "first" in text
    assert '"last"' not in text
    assert json.loads(text.splitlines()[0])["sessionId"] == made
    with pytest.raises(RefusedError, match="could not be forked"):
        rewinds.fork_conversation(folder, project, session, str(uuid.uuid4()))
