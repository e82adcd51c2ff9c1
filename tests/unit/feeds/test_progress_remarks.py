"""Progress files: blockers, goal and what is in progress."""

from __future__ import annotations

import pytest

from tui.feeds.progress.reader import read_progress
from tui.model.records import ProgressFile


def read(text: str) -> ProgressFile:
    return read_progress(text, "p", None)


@pytest.mark.parametrize(
    "said",
    [
        "None",
        "- None",
        "(none)",
        "- (none)",
        "*None currently*",
        "_None yet_",
        "N/A",
        "- None at this time.",
        "None - the server runs, all causes are known",
        "No blockers.",
        "- No known issues",
        "无",
        "없음",
        "Нет",
        "なし",
        "-",
        "",
        "---",
        "_Problems encountered and how they were resolved_",
        "- [x] The key arrived",
        "- ✅ The key arrived",
        "- ~~The key~~",
        "<!-- list them here -->",
    ],
)
@pytest.mark.parametrize("head", ["## Blockers", "### 🚧 Blockers:", "**Blockers**", "Blockers:"])
def test_nothing_blocks(head: str, said: str) -> None:
    assert read(f"# Work\n\n{head}\n{said}\n\n## Notes\n- a note\n").blockers == ()


@pytest.mark.parametrize(
    "head",
    [
        "## Blockers",
        "## BLOCKERS (2)",
        "#### Current Blockers:",
        "=== Blocked items ===",
        "**Blockers:**",
        "Blockers",
        "## 阻塞问题",
        "## 블로커",
        "## Блокеры",
        "【ブロッカー】",
        "Blockers\n--------",
        "## Blockers & Solutions",
    ],
)
def test_blockers_are_listed(head: str) -> None:
    text = f"""\
Title

{head}
- **No key** for the
  shed
  - asked twice
* None of the lamps work
1. Rain

## Notes
- a note
"""
    assert read(text).blockers == ("No key for the", "None of the lamps work", "Rain")


def test_blockers_as_paragraphs_tables_and_boxes() -> None:
    text = """\
## Blockers

The key is
lost.

| Thing | Who |
|---|---|
| Paint | Bob |

- [ ] Ladder
### Outside
- Mud
## Rest
- no blocker
"""
    assert read(text).blockers == ("The key is lost.", "Paint — Bob", "Mud", "Ladder")


@pytest.mark.parametrize(
    ("line", "blockers"),
    [
        ("Blockers: none", ()),
        ("**Blockers:** waiting for Bob", ("waiting for Bob",)),
        ("- **Blocked by:** rain", ("rain",)),
        ("- Blocked: 2", ()),
        ("- Blockers: None - all good", ()),
        ("- **Blockers:**\n  - rain\n- **Next:** paint", ("rain",)),
        ("No blockers, no regressions.", ()),
        ("> only for external blockers: missing keys", ()),
    ],
)
def test_blockers_said_in_a_line(line: str, blockers: tuple[str, ...]) -> None:
    assert read(f"## State\n{line}\n").blockers == blockers


def test_only_the_newest_session_of_a_log_blocks() -> None:
    text = """\
## Session 2 (2026-01-02)
### Blockers
- rain
## Session 1 (2026-01-01)
### Blockers
- snow
"""
    assert read(text).blockers == ("rain",)
    turned = "## Session 3 (2026-01-03)\nAll done.\n" + text
    assert read(turned).blockers == ()


def test_a_section_for_the_whole_file_stays_valid() -> None:
    text = (
        "## Blockers\n- rain\n\n## Session 7 (2026-01-02)\nWent on.\n## Session 8 (2026-01-03)\nx\n"
    )

    assert read(text).blockers == ("rain",)


def test_a_blocker_does_not_swallow_appended_sections() -> None:
    text = "## Blockers\nNone\n\n## Context Compaction\n- Time: 2026-01-01\n- Note: saved\n"

    assert read(text).blockers == ()


@pytest.mark.parametrize(
    "head",
    [
        "## In Progress",
        "### 🔄 In-progress tasks",
        "**Currently working on:**",
        "Current Focus",
        "## Active Feature",
        "## 进行中",
        "## 진행 중",
        "## В работе",
    ],
)
def test_what_is_under_way(head: str) -> None:
    text = (
        f"- [x] a\n\n{head}\n- Paint the *door*\n- [ ] Sweep\n- [x] Rake\n\n## Next\n- [ ] Sing\n"
    )
    progress = read(text)

    assert progress.in_progress == ("Sweep", "Paint the door")
    assert (progress.done, progress.open) == (2, 2)


def test_a_status_column_tells_what_is_under_way() -> None:
    text = "| Phase | Status |\n|---|---|\n| Research | IN_PROGRESS |\n| Coding | PENDING |\n"

    assert read(text).in_progress == ("Research",)


@pytest.mark.parametrize("line", ["In Progress: 0", "- In Progress: None", "In Progress:"])
def test_nothing_is_under_way(line: str) -> None:
    assert read(f"- [x] a\n{line}\n").in_progress == ()


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("# Goal: Sort the attic", "Sort the attic"),
        ("- **Goal:** Sort the **attic**", "Sort the attic"),
        (
            "=====\n## GOAL\n=====\nSort the attic\nwith care:\n- boxes\n",
            "Sort the attic with care",
        ),
        ("## Current Goal\n\n_Replace with your goal_\n", ""),
        ("## 目标\n- 整理阁楼\n- 其他\n", "整理阁楼"),
        ("## Goal\n(none yet)\n", ""),
        ("### Goal oriented work\nx\n", ""),
    ],
)
def test_the_goal(text: str, goal: str) -> None:
    assert read(text).goal == goal


@pytest.mark.parametrize(
    ("text", "session", "started"),
    [
        (
            "# Session: abc\n# Started: 2026-01-02T03:04:05+01:00\n",
            "abc",
            "2026-01-02T03:04:05+01:00",
        ),
        ("- **Session ID**: 42\n- Started: 92/109 (84.4%)\n", "42", ""),
        ("## Session 2 - paint\n## Session 1 - wash\n", "Session 2 - paint", ""),
        ("--- Session 4: x ---\nDate: 2026-01-04\n--- Session 5: y ---\n", "Session 5: y", ""),
        ("## Agent Session: helper\n- Time: 2026-01-01\n", "", ""),
    ],
)
def test_session_and_start(text: str, session: str, started: str) -> None:
    progress = read(text)

    assert (progress.session, progress.started) == (session, started)
