"""No byte of a repository, a stream or a person's label reaches stdout or stderr as a control sequence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.command_line import Done
from tests.hostile_project import hostile_project
from tests.payloads import MARKUP_STRINGS, PAYLOADS
from tests.unit import repositories
from tests.unit.commands.contract import Run

TEXTS = [payload.text[:4_000] for payload in PAYLOADS]
ONE_LINE = [" ".join(text.replace("\x00", "").split("\n")).strip() for text in TEXTS]
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
WORD_JOINER = "\u2060"
"""With it Markdown parts what a site would link by itself."""

READING = (
    ("status",),
    ("status", "--json"),
    ("events", "--verbosity", "3"),
    ("events", "--json", "--verbosity", "3"),
    ("checkpoints",),
    ("checkpoints", "--json"),
    ("runs",),
    ("runs", "--json"),
    ("review",),
    ("review", "--json"),
    ("review", "--markdown", "-"),
    ("review", "--html", "-"),
    ("review", "--svg", "-"),
    ("doctor",),
    ("doctor", "--json"),
    ("config",),
    ("hooks", "status"),
    ("step-back", "--print"),
    ("rewind", "c1", "--dry-run"),
    ("undo", "--dry-run"),
    ("kill",),
)


def clean_bytes(done: Done, allowed: str = "") -> None:
    for name, data in (("stdout", done.out), ("stderr", done.err.encode("utf-8", "surrogatepass"))):
        text = data.decode("utf-8", "strict").replace(allowed, "") if allowed else data.decode()
        found = FORBIDDEN.search(text)
        assert found is None, (name, text[max(0, found.start() - 80) : found.end() + 40])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every payload in records, side files, commits, file names, labels, settings."""
    project = hostile_project(tmp_path_factory.mktemp("hostile"), TEXTS)
    for number, text in enumerate(ONE_LINE):
        name = text.replace("/", "_")[:100]
        (project / f"{number} {name}").write_bytes(b"x")
    repositories.sh(project, "add", "-A", ".")
    repositories.sh(project, "commit", "-q", "-m", "names")
    return project


@pytest.fixture
def call(tui: Run, hostile: Path) -> Run:
    def run(*words: str) -> Done:
        return tui(*words, cwd=hostile)

    return run


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_nothing_that_is_printed_is_a_control(call: Run, words: tuple[str, ...]) -> None:
    if words[0] in ("checkpoints", "rewind"):
        for label in (" ".join(ONE_LINE)[:2_000], "plain"):
            call("checkpoint", "-m", label)
    done = call(*words)
    clean_bytes(done, WORD_JOINER if "--markdown" in words else "")
    if "--json" in words and words[0] != "events":
        json.loads(done.out)


def test_json_keeps_a_label_exactly(call: Run) -> None:
    label = "a\x9b2Jb\u202ec\u200bd\U000e0041e\x7ff\u2028g"
    clean_bytes(call("checkpoint", "-m", label))
    done = call("checkpoints", "--json")
    assert done.out.isascii() or FORBIDDEN.search(done.out.decode()) is None
    assert label in [one["label"] for one in json.loads(done.out)["checkpoints"]]


@pytest.mark.parametrize("text", [*ONE_LINE, *MARKUP_STRINGS])
def test_no_sentence_about_an_argument_carries_it(tui: Run, project: Path, text: str) -> None:
    """Errors, plans and answers name what was given."""
    text = text[:900]
    commands = (
        ("rewind", text),
        ("review", text),
        ("withdraw", text),
        (f"x/{text}",),
        ("unit", text),
    )
    for words in commands:
        clean_bytes(tui(*words))


def test_the_look_can_fail() -> None:
    for payload in PAYLOADS:
        if payload.name != "C1 CSI as a raw byte":  # as text it is no control
            assert FORBIDDEN.search(payload.text), payload.name
