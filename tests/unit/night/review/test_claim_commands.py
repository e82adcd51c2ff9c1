"""Claims about commands: by the last call, what it answered, and the edits after it."""

from __future__ import annotations

import pytest

from tests.unit.night.review.claim_scene import FakeEnd, Scene, judged
from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.statement import Statement, Subject

BASE = {"app.py": "x = 1\n"}
PIP = "Successfully installed requests-"
MYPY = "Success: no issues found in 12 source files"
TSC = "src/a.ts(3,5): error TS2322: Type 'string' is not assignable"


def night(*calls: tuple[str, str, bool], edit_after: bool = False) -> Scene:
    scene = Scene(BASE).edit("app.py", "x = 2\n")
    for command, answer, error in calls:
        scene.run(command, answer, error=error)
    return scene.edit("app.py") if edit_after else scene


def trust(scene: Scene, kind: ClaimKind, text: str, **more: object) -> str:
    return judged(scene.facts(), Statement(kind, text, **more)).trust  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("calls", "text", "command", "right"),
    [
        ([("mypy .", MYPY, False)], "mypy is clean", "", "verified"),
        ([("mypy .", MYPY, False)], "types check", "", "verified"),
        ([("mypy .", "Found 3 errors in 1 file", True)], "mypy is clean", "", "contradicted"),
        ([("mypy . | tail -3", "Found 3 errors in 1 file", False)], "mypy is clean", "", "contradicted"),
        ([("mypy .", "Found 3 errors", True), ("mypy .", MYPY, False)], "mypy is clean", "", "verified"),
        ([("mypy .", MYPY, False), ("mypy .", "Found 3 errors", True)], "mypy is clean", "", "contradicted"),
        ([("mypy .", MYPY, False)], "lint is clean", "", "unverified"),
        ([("npx tsc --noEmit", "", False)], "no type errors", "npx tsc --noEmit", "verified"),
        ([("npx tsc --noEmit | head", TSC, False)], "no type errors", "", "contradicted"),
        ([("ruff check .", "All checks passed!", False)], "lint clean", "ruff check", "verified"),
        ([("uv run ruff check src", "Found 2 errors.", True)], "lint clean", "ruff check", "contradicted"),
        ([("npm run lint", "✖ 3 problems (3 errors, 0 warnings)", True)], "lint passes", "", "contradicted"),
        ([("npm run lint", "✖ 3 problems (0 errors, 3 warnings)", False)], "lint passes", "", "verified"),
        ([("npm run build", "✓ built in 2.1s", False)], "the build succeeds", "", "verified"),
        ([("npm run build", "Failed to compile.", True)], "the build succeeds", "", "contradicted"),
        ([("cargo build | tail -2", "error: could not compile", False)], "it builds", "", "contradicted"),
        ([("cargo build", "Finished `dev` profile", False)], "it builds", "", "verified"),
        ([("cargo clippy", "Finished `dev` profile", False)], "clippy is clean", "cargo clippy", "verified"),
        ([("ruff check . && mypy . && pytest", "1 failed", True)], "mypy is clean", "", "unverified"),
        ([("make", "gcc -o x x.c", False)], "the build is clean", "make", "verified"),
        ([], "lint is clean", "", "unverified"),
    ],
)  # fmt: skip
def test_checks(calls: list[tuple[str, str, bool]], text: str, command: str, right: str) -> None:
    subject = Subject(command=command)
    assert trust(night(*calls), ClaimKind.CHECK_CLEAN, text, subject=subject) == right


def test_a_check_before_the_last_edit_is_a_part() -> None:
    scene = night(("mypy .", MYPY, False), edit_after=True)
    assert trust(scene, ClaimKind.CHECK_CLEAN, "mypy is clean") == "partial"


@pytest.mark.parametrize(
    ("calls", "command", "right"),
    [
        ([("npm run build", "done", False)], "npm run build", "verified"),
        ([("cd web && npm run build", "done", False)], "npm run build", "verified"),
        ([("npm run build", "Exit code 1\nError", True)], "npm run build", "contradicted"),
        ([("npm run lint", "done", False)], "npm run build", "unverified"),
        ([("alembic upgrade head", "Running upgrade", False)], "alembic upgrade head", "verified"),
        ([("poetry run alembic upgrade head", "", False)], "alembic upgrade head", "verified"),
        ([("alembic downgrade -1", "", False)], "alembic upgrade head", "unverified"),
        ([("python -m tools.migrate", "", False)], "python -m tools.migrate", "verified"),
        ([("docker compose up -d", "Started", False)], "docker compose up -d", "verified"),
        ([("pytest -q", "2 failed, 1 passed in 1s", True)], "pytest", "contradicted"),
        ([("pytest -q", "3 passed in 1s", False)], "pytest", "verified"),
    ],
)
def test_commands(calls: list[tuple[str, str, bool]], command: str, right: str) -> None:
    subject = Subject(command=command)
    assert trust(night(*calls), ClaimKind.COMMAND_RAN, "it ran", subject=subject) == right


COVERAGE = "Name   Stmts   Miss  Cover\napp.py  10  2  80%\nTOTAL  100  22  78%\n2 passed in 1s"
JEST = "All files |   91.23 |    80.1 |   90 |  91\nTests: 5 passed, 5 total"


@pytest.mark.parametrize(
    ("command", "answer", "text", "count", "unit", "right"),
    [
        ("pytest --cov", COVERAGE, "coverage is 78%", 78, "%", "verified"),
        ("pytest --cov", COVERAGE, "coverage is 91 %", 91, "%", "contradicted"),
        ("jest --coverage", JEST, "91% coverage", 91, "%", "verified"),
        ("jest --coverage", JEST, "coverage of 91.2 %", 91.2, "%", "verified"),
        ("jest --coverage", JEST, "coverage of 99 %", 99, "%", "contradicted"),
        ("python migrate.py", "migrated 1,204 rows", "migrated 1204 rows", 1204, "rows", "verified"),
        ("python migrate.py", "migrated 0 rows", "migrated 1204 rows", 1204, "rows", "contradicted"),
        ("python bench.py", "p50: 118 ms", "it takes 45 ms", 45, "ms", "contradicted"),
        ("python bench.py", "p50: 44.7 ms", "it takes 45 ms", 45, "ms", "verified"),
        ("python bench.py", "ok", "it takes 45 ms", 45, "ms", "unverified"),
        ("python bench.py", "ok", "coverage is 91 %", 91, "%", "unverified"),
    ],
)  # fmt: skip
def test_figures(command: str, answer: str, text: str, count: float, unit: str, right: str) -> None:
    scene = night((command, answer, False))
    assert trust(scene, ClaimKind.FIGURE, text, count=count, unit=unit) == right


@pytest.mark.parametrize(
    ("calls", "name", "version", "right"),
    [
        ([("pip install requests", PIP + "2.32.3", False)], "requests", "", "verified"),
        ([("pip install requests", PIP + "2.32.3", False)], "requests", "2.32.3", "verified"),
        ([("pip install requests", PIP + "2.31.0", False)], "requests", "2.32.3", "contradicted"),
        ([("pip install requests", "ERROR: Could not find a version", True)], "requests", "", "contradicted"),
        ([("npm install left-pad@1.3.0", "added 1 package", False)], "left-pad", "1.3.0", "verified"),
        ([("uv add httpx", "Resolved 5 packages\n + httpx==0.28.1", False)], "httpx", "", "verified"),
        ([("npm install", "added 240 packages", False)], "lodash", "", "unverified"),
        ([], "requests", "", "unverified"),
    ],
)  # fmt: skip
def test_packages(calls: list[tuple[str, str, bool]], name: str, version: str, right: str) -> None:
    subject = Subject(symbols=(name,), value=version)
    assert trust(night(*calls), ClaimKind.INSTALLED, "installed it", subject=subject) == right


def test_a_package_that_stands_in_the_list_of_packages() -> None:
    files = {"requirements.txt": "requests==2.32.3\n"}
    facts = night().facts(FakeEnd(files, {}))
    told = judged(
        facts, Statement(ClaimKind.INSTALLED, "it", subject=Subject(symbols=("requests",)))
    )
    assert (told.trust, "requirements.txt" in told.why) == ("partial", True)


def test_the_coverage_of_a_file() -> None:
    answer = " src/core/id.ts | 100.00 | 93.75 |\n src/core/tracker.ts | 98.46 | 100.00 |"
    scene = night(("bun test --coverage", answer, False))
    for name, count, right in (("tracker.ts", 98.46, "verified"), ("id.ts", 90, "contradicted")):
        subject = Subject(paths=(name,))
        told = trust(scene, ClaimKind.FIGURE, "coverage", count=count, unit="%", subject=subject)
        assert told == right
