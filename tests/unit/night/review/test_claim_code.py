"""Claims of work: code that is neither comment nor stub, at the end, and run by green tests after it."""

from __future__ import annotations

import pytest

from tests.unit.night.review.claim_scene import FakeEnd, Scene, judged
from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.code_lines import code_lines, is_hollow, surrounding_names
from tui.night.review.claims.facts import ClaimVerdict
from tui.night.review.claims.statement import Statement, Subject

APP = "def add(a, b):\n    return a + b\n"
MULTIPLY = APP + "\n\ndef multiply(a, b):\n    return a * b\n"
TEST = "from app import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
BASE = {"app.py": APP, "tests/test_app.py": TEST, "README.md": "# Sums\n"}


def worked(text: str, path: str = "app.py", *, test: str = "pytest -q") -> Scene:
    scene = Scene(BASE).edit(path, text)
    return scene.green(test) if test else scene


def said(
    scene: Scene, work: str, kind: ClaimKind = ClaimKind.CODE_ADDED, **more: object
) -> ClaimVerdict:
    statement = Statement(kind, f"I did {work}", work=work, **more)  # type: ignore[arg-type]
    return judged(scene.facts(), statement)


def named(*names: str) -> Subject:
    return Subject(symbols=names)


@pytest.mark.parametrize(
    ("text", "work", "right"),
    [
        (MULTIPLY, "`multiply`", "verified"),
        (MULTIPLY, "a multiply function", "verified"),
        (MULTIPLY, "`multiply` to app.py", "verified"),
        (MULTIPLY, "`divide`", "contradicted"),
        (MULTIPLY, "a `divide` function in app.py", "contradicted"),
        (MULTIPLY, "a divide function", "unverified"),
        (MULTIPLY, "`multiply` in feat.py", "contradicted"),
        (APP + "# TODO: Add multiply to app.py\n", "multiply", "unverified"),
        (APP + "# TODO: Add multiply to app.py\n", "`multiply`", "contradicted"),
        (APP.replace("b):\n", 'b):\n    """Add; then multiply."""\n'), "multiply", "unverified"),
        (APP + 'NOTE = "multiply comes later, perhaps"\n', "the multiply function", "unverified"),
        (APP + "\n\ndef multiply(a, b):\n    pass\n", "`multiply`", "unverified"),
        (APP + "\n\ndef multiply(a, b):\n    ...\n", "the multiply function", "unverified"),
        (
            APP + "\n\ndef multiply(a, b):\n    raise NotImplementedError\n",
            "`multiply`",
            "unverified",
        ),
        (
            APP + '\n\ndef multiply(a, b):\n    """Multiplies."""\n    pass\n',
            "`multiply`",
            "unverified",
        ),
        (APP + 'OPTION = "--verbose"\n', "a `--verbose` option", "verified"),
        ("", "the multiply function", "unverified"),
        (MULTIPLY, "multiply and currency", "partial"),
        (MULTIPLY, "multiply and multiplication", "verified"),
    ],
)
def test_what_was_added(text: str, work: str, right: str) -> None:
    bare = work.replace("`", "")
    names = named(*(part for part in ("multiply", "divide") if f"`{part}`" in work))
    assert said(worked(text), bare, subject=names).trust == right


def test_a_definition_below_a_change_did_not_change() -> None:
    lines = [
        "     x = 1",
        "+    y = 2",
        " ",
        " def below():",
        "     z = 3",
        "+    w = 4",
        " def last():",
    ]
    assert list(surrounding_names(lines)) == ["below"]
    inside = [
        " class A:",
        "     def f(self):",
        "-        return 1",
        "+        return 2",
        " def g(): ...",
    ]
    assert set(surrounding_names(inside)) == {"A", "f"}


def test_code_without_a_run_after_it_is_a_part() -> None:
    assert said(worked(MULTIPLY, test=""), "multiply").trust == "partial"
    early = Scene(BASE).green().edit("app.py", MULTIPLY)
    assert said(early, "multiply").trust == "partial"
    red = Scene(BASE).edit("app.py", MULTIPLY).run("pytest -q", "1 failed in 0.1s", error=True)
    assert said(red, "multiply").trust == "partial"


@pytest.mark.parametrize(
    ("command", "right"),
    [
        ("pytest -q", "verified"),
        ("pytest -q tests/test_app.py", "verified"),
        ("pytest -q tests/test_other.py", "partial"),
        ("pytest -q tests/test_sums.py", "verified"),
        ("pytest -q -k multiply", "verified"),
    ],
)
def test_the_run_executes_what_changed(command: str, right: str) -> None:
    scene = Scene(
        BASE | {"tests/test_other.py": "import json\n", "tests/test_sums.py": "import app\n"}
    )
    assert said(scene.edit("app.py", MULTIPLY).green(command), "multiply").trust == right


def test_work_that_is_not_there_at_the_end() -> None:
    scene = Scene(BASE).edit("feat.py", None, "Write").green().run("git reset --hard HEAD~1")
    told = said(scene, "multiply in feat.py")
    assert (told.trust, "does not exist at the end" in told.why) == ("contradicted", True)


def test_work_in_another_work_tree_is_no_lie() -> None:
    scene = Scene(BASE).edit("worktrees/x/feat.py", None, "Write").green()
    told = said(scene, "multiply", subject=named("multiply"))
    assert told.trust in ("partial", "unverified")


@pytest.mark.parametrize(
    ("work", "names", "right"),
    [
        ("the crash in `add`", ("add",), "verified"),
        ("the `TypeError` in `add`", ("TypeError", "add"), "verified"),
        ("a `KeyError`", ("KeyError",), "partial"),
        ("the crash on empty input", (), "partial"),
    ],
)
def test_a_fix_is_never_wrong_by_a_name(work: str, names: tuple[str, ...], right: str) -> None:
    scene = worked(APP.replace("a + b", "(a or 0) + b"))
    told = said(scene, work.replace("`", ""), ClaimKind.BUG_FIXED, subject=named(*names))
    assert told.trust == right


@pytest.mark.parametrize(
    ("text", "right"), [("x = 1\n", "verified"), (MULTIPLY, "contradicted"), (APP, "contradicted")]
)
def test_what_was_removed(text: str, right: str) -> None:
    told = said(worked(text), "the add function", ClaimKind.CODE_REMOVED, subject=named("add"))
    assert told.trust == right


def test_an_import_that_was_removed_may_stand_elsewhere() -> None:
    base = BASE | {
        "app.py": "from sums import total\n" + APP,
        "sums.py": "def total(x):\n    return x\n",
    }
    scene = Scene(base).edit("app.py", APP).green()
    told = said(scene, "the unused total import", ClaimKind.CODE_REMOVED, subject=named("total"))
    assert told.trust == "partial"


def test_documents_need_no_run() -> None:
    scene = Scene(BASE).edit("docs/usage.md", "# Usage\n")
    assert said(scene, "the usage guide").trust == "verified"


def test_tests_that_were_added() -> None:
    scene = worked(TEST + "\n\ndef test_multiply():\n    assert True\n", "tests/test_app.py")
    assert said(scene, "tests for multiply", ClaimKind.TESTS_ADDED).trust == "verified"
    assert said(scene, "9 tests", ClaimKind.TESTS_ADDED, count=9).trust == "contradicted"
    scene = scene.edit(
        "tests/test_more.py", "def test_a():\n    pass\n\n\ndef test_b():\n    pass\n"
    ).green()
    assert said(scene, "4 tests", ClaimKind.TESTS_ADDED, count=4).trust == "partial"
    assert said(scene, "3 tests", ClaimKind.TESTS_ADDED, count=3).trust == "verified"
    bare = worked(MULTIPLY)
    told = said(bare, "tests for multiply", ClaimKind.TESTS_ADDED)
    assert (told.trust, "no file of tests" in told.why) == ("contradicted", True)


def test_without_a_repository_a_name_cannot_be_missed() -> None:
    scene = worked(MULTIPLY)
    statement = Statement(
        ClaimKind.CODE_ADDED, "x", work="divide in app.py", subject=named("divide")
    )
    assert judged(scene.unknown(), statement).trust == "verified"


def test_an_end_that_was_cut_accuses_nobody() -> None:
    scene = worked(MULTIPLY)
    night = scene.facts(FakeEnd(scene.files, scene.base))
    assert night.changes is not None
    from msgspec.structs import replace

    night.changes = replace(night.changes, cut=True)
    statement = Statement(ClaimKind.CODE_ADDED, "x", work="divide", subject=named("divide"))
    assert judged(night, statement).trust == "unverified"


@pytest.mark.parametrize(
    ("path", "lines", "code"),
    [
        ("a.py", ("+x = 1  # one",), ["x = 1"]),
        ("a.py", ("+# x = 1",), []),
        ("a.py", ('+    """A doc', "+    of two lines.", '+    """', "+    y = 2"), ["    y = 2"]),
        ("a.py", ("     of two lines.", '     """', "+    y = 2"), ["    y = 2"]),
        ("a.js", ("+// x", "+/* y", "+ * z", "+ */", "+let w = 1;"), ["let w = 1;"]),
        ("a.go", ("+func F() {}",), []),
        ("a.ts", ("+function f(a) {", '+  throw new Error("not implemented");', "+}"), []),
        ("a.rs", ("+fn f() -> u8 {", "+    todo!()", "+}"), []),
        ("a.sql", ("+-- x", "+select 1"), ["select 1"]),
        ("a.yml", ("+# x", "+retries: 3"), ["retries: 3"]),
        ("a.py", ("+x = 'a sentence of words'",), ["x = ''"]),
        ("a.html", ("+<!-- x -->", "+<p>y</p>"), ["<p>y</p>"]),
    ],
)
def test_which_lines_are_code(path: str, lines: tuple[str, ...], code: list[str]) -> None:
    assert [line.text for line in code_lines(path, lines)] == code


@pytest.mark.parametrize(
    ("path", "text", "hollow"),
    [
        ("a.py", "def f(a):\n    pass\n", True),
        ("a.py", "def f(a): ...\n", True),
        ("a.py", "def f(a):\n    return a\n", False),
        ("a.py", "def f(a):\n    if a:\n        raise NotImplementedError\n    return 1\n", False),
        ("a.py", "class f(Exception):\n    pass\n", False),
        ("a.js", "function f() {\n}\n", True),
        ("a.js", "function f() {\n  return 1;\n}\n", False),
        ("a.go", "type f struct{}\n", False),
        ("a.rs", "fn f(&self) -> bool { self.b.is_empty() }\n}\n", False),
        ("a.php", "public function f(): void { $this->go(); }\n}\n", False),
        ("a.rs", "fn f(&self) {}\n}\n", True),
        ("a.kt", "fun f(a: Int): Int = a * 2\n}\n", False),
    ],
)
def test_bodies_that_do_nothing(path: str, text: str, hollow: bool) -> None:
    assert is_hollow(text, "f", path) is hollow
