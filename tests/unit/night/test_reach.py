"""Whether a call can be behind the removal or the change of a file."""

from __future__ import annotations

import pytest

from tui.model.events import SourceRef
from tui.model.evidence.log import CallSpans, EditRecord, EvidenceLog, Spans
from tui.night.evidence.reach import Reach
from tui.night.evidence.risky_calls import RiskyCall

REF = SourceRef("s", 0)
PATH = "tests/unit/test_old.py"
TOOLS = (("Bash", 3), ("Edit", 1), ("Read", 5))
CALLS = CallSpans(busy=Spans((1.0, 2.0)), is_timed=True)


def reach(
    *commands: str,
    edited: tuple[str, ...] = (),
    tools: tuple[tuple[str, int], ...] = TOOLS,
    is_whole: bool = True,
) -> Reach:
    edits = tuple(EditRecord(n, 1.0, path, "Edit", REF) for n, path in enumerate(edited))
    calls = [RiskyCall("Bash", text, REF, 1.0) for text in commands]
    return Reach(EvidenceLog(edits=edits, calls=CALLS), calls, tools, is_whole=is_whole)


@pytest.mark.parametrize(
    "command",
    [
        "pytest -q",
        "python -m pytest -q 2>&1 | tail -20",
        "git add -A && git commit -m 'Rm the old tests'",
        "git status --short; git diff | head",
        "rm build/out.js",
        "git rm --cached notes.txt",
        "mv src/a.py src/b.py",
        "cd sub && go test ./...",
        "find . -name '*.py' | xargs grep -l old",
        "echo rm tests/unit/test_old.py",
        "cat > notes.md <<'EOF'\nrm -rf tests\nEOF",
    ],
)
def test_commands_that_cannot_have_removed_it(command: str) -> None:
    assert not reach(command).can_remove(PATH)
    assert not reach(command).can_change(PATH)


@pytest.mark.parametrize(
    "command",
    [
        "rm tests/unit/test_old.py",
        "cd tests/unit && rm -f test_old.py",
        "rm -rf tests",
        "rm -rf /w/project/tests/unit",
        "rm tests/unit/*.py",
        "rm $FILES",
        "git rm -r tests/unit",
        "git -C /w/project rm tests/unit/test_old.py",
        "mv tests/unit/test_old.py /tmp/",
        "git checkout main",
        "git stash",
        "git clean -fd",
        "find tests -name '*old*' -delete",
        "find tests -exec rm {} +",
        "ls tests | xargs rm",
        "python cleanup.py",
        "python - <<'EOF'\nimport os\nEOF",
        "make clean",
        "npm run tidy",
        "./ship.sh",
        "bash -c 'rm -r tests'",
        "pytest -q; unlink tests/unit/test_old.py",
    ],
)
def test_commands_that_may_have_removed_it(command: str) -> None:
    assert reach("pytest -q", command).can_remove(PATH)


@pytest.mark.parametrize(
    "command",
    ["echo x > tests/unit/test_old.py", "cp a.py tests/unit/test_old.py", "sed -i s/a/b/ x.py"],
)
def test_commands_that_may_have_written_it(command: str) -> None:
    assert reach(command).can_change(PATH)


def test_an_edit_of_the_file_is_a_change_of_it() -> None:
    assert reach(edited=(f"/w/{PATH}",)).can_change(PATH)
    assert not reach(edited=("/w/other.py",)).can_change(PATH)


def test_where_not_everything_is_known_everything_is_possible() -> None:
    assert reach("pytest -q", is_whole=False).can_remove(PATH)
    assert reach("pytest -q", tools=(*TOOLS, ("mcp__files__move", 1))).can_remove(PATH)
    assert reach("pytest -q", tools=(*TOOLS, ("Task", 1))).can_remove(PATH)
    assert reach("git commit -m '" + "x" * 4_000).can_remove(PATH)


def test_a_file_is_named_by_whatever_part_of_its_path() -> None:
    assert reach("cd tests/unit && touch test_old.py").names(PATH)
    assert not reach("pytest -q").names(PATH)
