"""`review --markdown|--html|--svg|--check` as a person runs them, over a real project."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.command_line import Done, run
from tests.session_files import START, bash, evening, iso, result, speech, write_project
from tests.unit.commands.contract import sentence
from tests.unit.repositories import make, sh, write

SECRET = "ghp_" + "a1B2" * 9
Call = Callable[..., Done]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "robin"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def project(home: Path) -> Path:
    """A night in a repository: two commits, red and green tests, a secret in a command."""
    folder = make(home / "harbour", {"sizing.py": "lots = size / step\n", ".gitignore": "logs/\n"})
    dated(folder, -90, "--amend", "--no-edit", "--date", iso(START - 90))
    records = [
        *evening(),
        bash(20, f"GH_TOKEN={SECRET} git push && cat {home}/.netrc", 104),
        speech(21, "All 44 tests pass now, key t0ps3cret-value.", 106),
        result(22, 110),
    ]
    write_project(folder, records)
    write(folder, {"sizing.py": "lots = round(size / step)\n"})
    sh(folder, "add", "-A")
    dated(folder, 90, "-m", "Round lots")
    return folder


def dated(folder: Path, after: float, *words: str) -> None:
    """A commit made so many seconds into the night."""
    moment = iso(START + after)
    sh(folder, "commit", "-q", *words, GIT_COMMITTER_DATE=moment, GIT_AUTHOR_DATE=moment)


@pytest.fixture
def tui(home: Path, project: Path) -> Call:
    def call(*words: str | bytes, cwd: Path = project, seed: str = "", **env: str) -> Done:
        more = {"BANK_TOKEN": "t0ps3cret-value", **env}
        if seed:
            more["PYTHONHASHSEED"] = seed
        done = run(*words, home=home, cwd=cwd, env=more)
        assert "Traceback" not in done.err
        return done

    return call


def test_every_format_is_written_and_agrees_again(tui: Call, project: Path, tmp_path: Path) -> None:
    names = {form: str(tmp_path / f"night.{form}") for form in ("markdown", "html", "svg")}
    done = tui("review", *[word for form, name in names.items() for word in (f"--{form}", name)])
    assert (done.code, done.out) == (0, b"") and done.err.count("wrote ") == 3
    printed = tui("review", "--json")
    (tmp_path / "night.json").write_bytes(printed.out)
    for name in (names["markdown"], names["html"], str(tmp_path / "night.json")):
        again = tui("review", "--check", name, seed="2")
        assert again.code == 0, again.out.decode()
        assert again.out.startswith(b"agrees: ") and b"differs" not in again.out
    ElementTree.fromstring(Path(names["svg"]).read_text())
    told = json.loads(printed.out)
    assert told["commits"][0]["subject"] == "Round lots" and told["project"] == str(project)
    assert told["tests"]["last"] == "green" and told["export"]["places"] == "kept"


def test_nothing_secret_leaves(tui: Call, tmp_path: Path, home: Path) -> None:
    for form in ("markdown", "html", "json"):
        done = tui("review", f"--{form}", *(() if form == "json" else ("-",)))
        assert done.code == 0
        assert SECRET.encode() not in done.out and b"t0ps3cret" not in done.out
        if form != "json":
            assert os.fsencode(home) not in done.out and b"~/harbour" in done.out


def test_it_is_checked_from_anywhere(tui: Call, tmp_path: Path) -> None:
    tui("review", "--html", str(tmp_path / "n.html"))
    assert tui("review", "--check", str(tmp_path / "n.html"), cwd=tmp_path).code == 0


def test_a_named_stream_is_named_again(tui: Call, tmp_path: Path, project: Path) -> None:
    stream = project / "logs" / "session.jsonl"
    tui("review", "--events", str(stream), "--markdown", str(tmp_path / "n.md"))
    assert tui("review", "--check", str(tmp_path / "n.md"), cwd=tmp_path).code == 0
    stream.rename(tmp_path / "elsewhere.jsonl")
    done = tui("review", "--check", str(tmp_path / "n.md"), cwd=tmp_path)
    assert done.code == 1 and b"nothing can be derived again" in done.out
    done = tui(
        "review", "--check", str(tmp_path / "n.md"), "--events", "elsewhere.jsonl", cwd=tmp_path
    )
    assert done.code == 1 and b"source gone: ~/harbour/logs/session.jsonl" in done.out


def test_a_figure_that_was_changed_is_named(tui: Call, tmp_path: Path) -> None:
    page = tmp_path / "n.md"
    tui("review", "--markdown", str(page))
    text = page.read_text()
    made = re.search(r'"insertions": (\d+),', text)
    assert made is not None
    page.write_text(text.replace(made.group(), '"insertions": 100,'))
    done = tui("review", "--check", str(page))
    assert done.code == 1
    assert b"commits[0].insertions: the export says 100, the evidence says " in done.out
    page.write_text(text.replace("1 commit**", "9 commits**"))
    done = tui("review", "--check", str(page))
    assert done.code == 1 and b"page differs: line" in done.out


def test_a_commit_that_was_made_over_is_named(tui: Call, tmp_path: Path, project: Path) -> None:
    page = tmp_path / "n.md"
    tui("review", "--markdown", str(page))
    write(project, {"new.py": "x = 1\n"})
    sh(project, "add", "-A")
    dated(project, 90, "--amend", "--no-edit")
    done = tui("review", "--check", str(page))
    assert done.code == 1 and b"differs: commits[0].sha" in done.out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--markdown", "-", "--html", "-"), 2, "only one format"),
        (("--json", "--svg", "-"), 2, "only one format"),
        (("--markdown", "none/n.md"), 2, "there is no folder"),
        (("--html", "logs"), 2, "is a folder"),
        (("--html", "link.html"), 4, "is a link"),
        (("--check", "none.md"), 2, "there is no file"),
        (("--check", "logs"), 2, "there is no file"),
        (("--check", "claude-progress.txt"), 2, "holds no figures of a review"),
        (("--markdown", "-", "no-such-run"), 3, "no-such-run"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    tui: Call, project: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    (project / "link.html").symlink_to("/etc/hostname")
    done = tui("review", *words)
    assert done.code == code and told in sentence(done) and done.out == b""


def test_a_name_that_is_no_text_is_no_trouble(tui: Call, project: Path) -> None:
    stream = os.fsencode(project) + b"/logs/\xff\xfe.jsonl"
    os.rename(project / "logs" / "session.jsonl", stream)
    for form in ("json", "markdown", "html"):
        done = tui("review", f"--{form}", *(() if form == "json" else ("-",)), "--events", stream)
        assert done.code == 0 and done.out.decode(), done.err


def test_the_same_evidence_gives_the_same_export(tui: Call) -> None:
    """Whatever order this run's hashing gives its sets."""
    first, second = (json.loads(tui("review", "--json", seed=seed).out) for seed in ("3", "4"))
    assert {**first, "export": 0} == {**second, "export": 0}
