"""Claims about files and values, against how they stand at the end of the night."""

from __future__ import annotations

import pytest

from tests.unit.night.review.claim_scene import Scene, judged, paths
from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.statement import Statement, Subject

BASE = {"app.py": "TIMEOUT = 30\nDEBUG = False\n", "README.md": "# Sums\n", "old.py": "x = 1\n"}


def verdict(scene: Scene, kind: ClaimKind, subject: Subject, *, unknown: bool = False) -> str:
    night = scene.unknown() if unknown else scene.facts()
    return judged(night, Statement(kind, "it did", subject=subject)).trust


def night() -> Scene:
    scene = Scene(BASE)
    scene.edit("docs/guide.md", "# Guide\n", "Write")
    scene.edit("app.py", "TIMEOUT = 45\nDEBUG = False\n")
    scene.run("rm old.py")
    del scene.files["old.py"]
    return scene


@pytest.mark.parametrize(
    ("kind", "names", "right"),
    [
        (ClaimKind.FILE_MADE, ("docs/guide.md",), "verified"),
        (ClaimKind.FILE_MADE, ("guide.md",), "verified"),
        (ClaimKind.FILE_MADE, ("docs/",), "verified"),
        (ClaimKind.FILE_MADE, ("docs/api.md",), "contradicted"),
        (ClaimKind.FILE_MADE, ("docs/guide.md", "docs/api.md"), "partial"),
        (ClaimKind.FILE_MADE, ("app.py",), "partial"),
        (ClaimKind.FILE_MADE, ("README.md",), "contradicted"),
        (ClaimKind.FILE_MADE, ("something",), "unverified"),
        (ClaimKind.FILE_CHANGED, ("app.py",), "verified"),
        (ClaimKind.FILE_CHANGED, ("README.md",), "contradicted"),
        (ClaimKind.FILE_CHANGED, ("readme",), "contradicted"),
        (ClaimKind.FILE_CHANGED, ("gone/away.py",), "contradicted"),
        (ClaimKind.FILE_REMOVED, ("old.py",), "verified"),
        (ClaimKind.FILE_REMOVED, ("app.py",), "contradicted"),
        (ClaimKind.FILE_REMOVED, ("never.py",), "unverified"),
        (ClaimKind.UNCHANGED, ("README.md",), "verified"),
        (ClaimKind.UNCHANGED, ("app.py",), "contradicted"),
        (ClaimKind.UNCHANGED, ("old.py",), "contradicted"),
    ],
)
def test_files_at_the_end(kind: ClaimKind, names: tuple[str, ...], right: str) -> None:
    assert verdict(night(), kind, paths(*names)) == right


def test_tests_that_are_said_to_be_left_alone() -> None:
    base = BASE | {"tests/test_app.py": "def test_a():\n    assert 1\n"}
    said = Statement(ClaimKind.UNCHANGED, "I did not touch the tests", work="the tests")
    scene = Scene(base).edit("app.py", "x = 3\n").edit("tests/test_new.py", "def test_b(): ...\n")
    assert judged(scene.facts(), said).trust == "verified"
    scene.edit("tests/test_app.py", base["tests/test_app.py"] + "\n\ndef test_c():\n    assert 2\n")
    assert judged(scene.facts(), said).trust == "verified"
    scene.edit("tests/test_app.py", "def test_a():\n    assert True\n")
    told = judged(scene.facts(), said)
    assert (told.trust, "test_app.py changed" in told.why) == ("contradicted", True)


@pytest.mark.parametrize(
    ("path", "work", "right"),
    [
        ("README.md", "code", "verified"),
        ("app.py", "code", "contradicted"),
        ("app.py", "production code", "contradicted"),
        ("tests/test_app.py", "production code", "verified"),
    ],
)
def test_no_code_was_changed(path: str, work: str, right: str) -> None:
    scene = Scene({**BASE, "tests/test_app.py": "x = 1\n"}).edit(path, "y = 2\n")
    said = Statement(ClaimKind.UNCHANGED, f"No {work} was changed", work=work)
    assert judged(scene.facts(), said).trust == right


def test_a_file_that_was_made_and_deleted_is_not_there() -> None:
    scene = Scene(BASE).edit("feat.py", None, "Write").run("git reset --hard HEAD~1")
    made = judged(scene.facts(), Statement(ClaimKind.FILE_MADE, "made", subject=paths("feat.py")))
    assert (made.trust, made.evidence) == ("contradicted", (scene.script.events[3].ref,))
    assert "does not exist at the end" in made.why
    assert made.checked[0].holds is False


def test_a_file_outside_the_project_is_no_lie() -> None:
    scene = Scene(BASE)
    scene.script.step("Write", "/other/docs/api.md", "ok", path="/other/docs/api.md")
    assert verdict(scene, ClaimKind.FILE_MADE, paths("docs/api.md")) == "verified"


@pytest.mark.parametrize(
    ("old", "new", "right"),
    [
        ("old.py", "docs/guide.md", "verified"),
        ("app.py", "docs/guide.md", "partial"),
        ("old.py", "new.py", "contradicted"),
        ("nothing.py", "docs/guide.md", "partial"),
    ],
)
def test_renamed_files(old: str, new: str, right: str) -> None:
    assert verdict(night(), ClaimKind.FILE_RENAMED, paths(new, old_path=old)) == right


@pytest.mark.parametrize(
    ("kind", "name", "right"),
    [
        (ClaimKind.FILE_MADE, "docs/guide.md", "verified"),
        (ClaimKind.FILE_MADE, "docs/api.md", "unverified"),
        (ClaimKind.FILE_CHANGED, "app.py", "verified"),
        (ClaimKind.FILE_CHANGED, "README.md", "unverified"),
        (ClaimKind.FILE_REMOVED, "old.py", "verified"),
        (ClaimKind.FILE_REMOVED, "app.py", "unverified"),
        (ClaimKind.UNCHANGED, "README.md", "unverified"),
    ],
)
def test_without_a_repository_nothing_is_wrong(kind: ClaimKind, name: str, right: str) -> None:
    assert verdict(night(), kind, paths(name), unknown=True) == right


def value(name: str, told: str, *names: str) -> Subject:
    return Subject(paths=names, symbols=(name,), value=told)


@pytest.mark.parametrize(
    ("subject", "right"),
    [
        (value("TIMEOUT", "45", "app.py"), "verified"),
        (value("TIMEOUT", "45"), "verified"),
        (value("timeout", "45 s", "app.py"), "verified"),
        (value("TIMEOUT", "60", "app.py"), "contradicted"),
        (value("TIMEOUT", "4", "app.py"), "contradicted"),
        (value("DEBUG", "False", "app.py"), "partial"),
        (value("RETRIES", "3", "app.py"), "contradicted"),
        (value("RETRIES", "45", "app.py"), "unverified"),
        (value("RETRIES", "3"), "unverified"),
        (value("TIMEOUT", "45", "conf.py"), "contradicted"),
    ],
)
def test_values_at_the_end(subject: Subject, right: str) -> None:
    assert verdict(night(), ClaimKind.VALUE_SET, subject) == right


@pytest.mark.parametrize(
    "line",
    [
        '"timeout": 45,',
        "timeout: 45",
        "timeout=45",
        "--timeout 45",
        "TIMEOUT: int = 45",
        "export TIMEOUT=45",
        "const timeout = 45;",
        "define('timeout', 45)",
        'timeout = "45"',
    ],
)
def test_values_in_every_form(line: str) -> None:
    scene = Scene({"conf": "nothing\n"}).edit("conf", line + "\n")
    assert verdict(scene, ClaimKind.VALUE_SET, value("timeout", "45", "conf")) == "verified"
