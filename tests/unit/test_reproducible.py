"""What the documented commands install is named version by version, and is the same everywhere."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.command_line import REPOSITORY

PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
LOCK = (REPOSITORY / "constraints.txt").read_text("utf-8")
PINNED = dict(re.findall(r"^([a-z0-9-]+)==(\S+)$", LOCK, re.MULTILINE))
SETUP = (
    "python3 -m venv .venv && .venv/bin/pip install -q -U -c constraints.txt pip && "
    ".venv/bin/pip install -q -c constraints.txt --build-constraint constraints.txt -e ."
)
TEST = f"{SETUP} --group dev && .venv/bin/pytest -q -n auto"
DEMO = f"{SETUP} && .venv/bin/overnight-tui demo"


def directly_required() -> list[Requirement]:
    groups = PROJECT["dependency-groups"]
    given = PROJECT["project"]["dependencies"] + PROJECT["build-system"]["requires"]
    return [Requirement(text) for text in (*given, *groups["test"], *groups["static"])]


def all_required() -> list[Requirement]:
    """The direct requirements and those of every installed package among them."""
    found = directly_required()
    seen: set[str] = set()
    for requirement in found:  # grows while it is read
        name = canonicalize_name(requirement.name)
        if name in seen:
            continue
        seen.add(name)
        found += _of_package(name, requirement.extras)
    return found


def _of_package(name: str, extras: set[str]) -> list[Requirement]:
    try:
        texts = requires(name) or ()
    except PackageNotFoundError:  # the build backend is installed only while it builds
        return []
    found = [Requirement(text) for text in texts]
    chosen = [{"extra": extra} for extra in ("", *extras)]
    return [one for one in found if not one.marker or any(map(one.marker.evaluate, chosen))]


def test_every_package_has_one_version_that_suits() -> None:
    wrong = [
        str(one)
        for one in all_required()
        if not one.specifier.contains(PINNED.get(canonicalize_name(one.name), "0"))
    ]
    assert not wrong, "run `bash .ci/lock`"


def test_the_lock_names_versions_and_nothing_else() -> None:
    lines = [line for line in LOCK.splitlines() if not line.startswith("#")]
    assert len(lines) == len(PINNED) > 30
    assert "pip" in PINNED


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("README.md", f"    {TEST}\n"),
        ("README.md", f"    {DEMO}\n"),
        ("CONTRIBUTING.md", f"    {TEST}\n"),
        (".ci/run", f"\n{TEST}\n"),
    ],
)
def test_the_documented_commands_install_from_the_lock(file: str, command: str) -> None:
    assert command in (REPOSITORY / file).read_text("utf-8")


def test_what_is_used_behind_its_public_face_is_bounded() -> None:
    """A minor version of Textual and a major one of watchfiles may change what we use of them."""
    bounds = {one.name: one.specifier for one in directly_required()}
    assert not bounds["textual"].contains("8.3.0")
    assert not bounds["watchfiles"].contains("2.0.0")
