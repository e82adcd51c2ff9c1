"""Which commands check or build."""

from __future__ import annotations

import pytest

from tui.night.evidence.check_commands import check_kind, without_changes


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("ruff check .", "lint"),
        (".venv/bin/ruff check tui/runner", "lint"),
        ("uv run ruff format --check .", "lint"),
        ("npx eslint src/", "lint"),
        ("cargo clippy -- -D warnings", "lint"),
        ("go vet ./...", "lint"),
        ("npm run lint", "lint"),
        ("make lint", "lint"),
        ("python3 -m mypy --strict tui", "types"),
        ("npx tsc --noEmit", "types"),
        ("pnpm run type-check", "types"),
        ("cargo build --release", "build"),
        ("python -m build", "build"),
        ("yarn build", "build"),
        ("cmake --build out", "build"),
    ],
)
def test_checks_and_builds_by_their_kind(command: str, kind: str) -> None:
    assert check_kind(command) == kind


@pytest.mark.parametrize(
    "command",
    [
        "ruff format .",
        "black .",
        "ruff --version",
        "pip install mypy",
        "npm run deploy",
        "npm publish",
        "build",
        "git commit -m 'fix lint'",
        "cat ruff.toml",
        "make install",
        "docker build .",
        "mypy --help",
    ],
)
def test_what_is_neither(command: str) -> None:
    assert check_kind(command) is None


def test_a_check_is_run_again_without_changing_files() -> None:
    assert without_changes(["ruff", "check", "--fix", "."]) == ("ruff", "check", ".")
