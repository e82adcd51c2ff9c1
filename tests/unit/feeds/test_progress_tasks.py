"""Progress files: what is a task, and in which state."""

from __future__ import annotations

import pytest

from tui.feeds.progress.reader import read_progress
from tui.model.records import ProgressFile

TEMPLATE = """\
# Session: 20260110-220000
# Started: 2026-01-10T22:00:00+01:00
# Goal: Sort the attic before the guests come

## Session Configuration
- Model: opus
- Max runtime: 10 hours

## Completed
(none yet)

## In Progress

## Next Steps
- [ ] Carry the boxes down
- [ ] Sweep

## Blockers
None

## Notes
Session started at Sat Jan 10 22:00:00
"""


def read(text: str) -> ProgressFile:
    return read_progress(text, "progress.txt", 12.5)


def states(text: str) -> list[tuple[str, str]]:
    return [(task.title, task.state) for task in read(text).tasks]


def test_the_file_of_the_original_system() -> None:
    progress = read(TEMPLATE)

    assert (progress.basis, progress.done, progress.open) == ("checkboxes", 0, 2)
    assert progress.goal == "Sort the attic before the guests come"
    assert progress.session == "20260110-220000"
    assert progress.started == "2026-01-10T22:00:00+01:00"
    assert progress.blockers == ()
    assert progress.in_progress == ()
    assert [(s.title, s.done, s.open) for s in progress.sections] == [("Next Steps", 0, 2)]
    assert (progress.source, progress.at) == ("progress.txt", 12.5)


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("- [x] Paint the door", "done"),
        ("- [X] Paint the door", "done"),
        ("- [✅] Paint the door", "done"),
        ("- [✓] Paint the door", "done"),
        ("- [✔️] Paint the door", "done"),
        ("- [ ] Paint the door", "open"),
        ("- [] Paint the door", "open"),
        ("- [\u00a0] Paint the door", "open"),
        ("- [~] Paint the door", "in_progress"),
        ("- [/] Paint the door", "in_progress"),
        ("- [-] Paint the door", "in_progress"),
        ("- [!] Paint the door", "blocked"),
        ("    - [x] Paint the door", "done"),
        ("\t* [ ] Paint the door", "open"),
        ("+ [x] Paint the door", "done"),
        ("• [ ] Paint the door", "open"),
        ("3. [x] Paint the door", "done"),
        ("3) [ ] Paint the door", "open"),
        ("1.2 [x] Paint the door", "done"),
        ("[x] Paint the door", "done"),
        ("> - [ ] Paint the door", "open"),
        ("- [x]  **Paint** the `door`", "done"),
        ("- **[x] Paint the door**", "done"),
        ("- ☐ Paint the door", "open"),
        ("- ☑ Paint the door", "done"),
        ("| [x] | Paint the door |", "done"),
        ("| Paint the door | [ ] | | ", "open"),
        ("| [ ] Paint the door | later |", "open"),
        ("### [x] Paint the door", "done"),
        ("- [ ] Paint the [door](https://example.org/d)", "open"),
        ("- [ ] Paint the door <!-- left one -->", "open"),
    ],
)
def test_a_box_is_a_task(line: str, state: str) -> None:
    assert states(line) == [("Paint the door", state)]


@pytest.mark.parametrize(
    "line",
    [
        "- [ ]",
        "- [x]   ",
        "- [ ] **",
        "- [ ] <!-- nothing yet -->",
        "[x](https://example.org)",
        "- [x](https://example.org)",
        "- [link][x] text",
        "[ERROR] it failed",
        "- [1] a footnote",
        "`- [ ]` is an open box",
        "write - [ ] for an open box",
        "| [x] |",
        "✅ Paint the door",
        "- Paint the door",
    ],
)
def test_what_is_no_task(line: str) -> None:
    progress = read(line)

    assert progress.tasks == ()
    assert (progress.basis, progress.done, progress.open) == ("unknown", 0, 0)


def test_fences_and_comments_hide_their_samples() -> None:
    text = """\
- [x] real
```markdown
- [ ] sample
~~~
```
~~~~ text
- [ ] sample
```
~~~
~~~~
<!-- - [ ] note
- [ ] note
--> - [ ] real again
  ```
  - [ ] sample
  ```
- [ ] <!-- a --> last <!-- b -->
"""
    assert states(text) == [("real", "done"), ("real again", "open"), ("last", "open")]


def test_what_is_never_closed_hides_nothing() -> None:
    assert states("```\n- [x] one\n<!-- open\n- [ ] two\n") == [("one", "done"), ("two", "open")]


def test_a_fence_with_words_does_not_close_one() -> None:
    assert states("```\n- [ ] sample\n```python\n- [ ] sample\n```\n- [x] real") == [
        ("real", "done")
    ]


def test_sections_priorities_and_depth() -> None:
    text = """\
====
## PHASE 1: Safety P0 (2 tasks) ✅ COMPLETE
====
- [x] **1.1** Lock the door
  - [x] front
      - [ ] upper bolt
- [ ] **1.2** Close the window (P1)

Garden
------
- [ ] Rake

## [CATEGORY] 3: Rest (P2 - Nice to have)
### Later
* [ ] Sing
【午後】
- [ ] 掃除する
# Глава 2
- [x] Подмести
"""
    progress = read(text)

    assert [(s.title, s.done, s.open, s.priority) for s in progress.sections] == [
        ("PHASE 1: Safety P0 (2 tasks) ✅ COMPLETE", 2, 2, "P0"),
        ("Garden", 0, 1, ""),
        ("Later", 0, 1, "P2"),
        ("午後", 0, 1, ""),
        ("Глава 2", 1, 0, ""),
    ]
    first, front, bolt, window, *rest = progress.tasks
    assert (first.title, first.depth, first.line, first.priority) == (
        "1.1 Lock the door",
        0,
        4,
        "P0",
    )
    assert (front.depth, bolt.depth, window.depth) == (1, 2, 0)
    assert window.priority == "P1"
    assert [task.section for task in rest] == ["Garden", "Later", "午後", "Глава 2"]


APPENDED = """\
## Next Steps
- [x] one
- [ ] two

## Watchdog Termination
- Time: 2026-01-11T03:00:00.123456
- Reason: Idle Time: Session idle too long

## Auto-Resume Event
- Time: 2026-01-11T03:01:00+01:00
- Event: Restart attempt 1/5

## Context Compaction
- Time: 2026-01-11T03:27:40.782104
- Note: Full transcript backed up before summarization

- [ ] three

## Agent Session: helper
- Time: 2026-01-11T04:00:00+00:00
- Task: Test session
- CWD: /test

## Session End
- Ended: 2026-01-11T05:00:00+01:00
- Model: opus
"""


def test_appended_sections_neither_swallow_nor_invent() -> None:
    progress = read(APPENDED)

    assert (progress.done, progress.open) == (1, 2)
    assert [(s.title, s.done, s.open) for s in progress.sections] == [("Next Steps", 1, 2)]
    assert (progress.session, progress.started, progress.blockers) == ("", "", ())


def test_a_task_below_appended_sections_belongs_where_tasks_were() -> None:
    text = "## Next\n- [x] one\n## Notes\nwords\n## Context Compaction\n- Note: x\n- [ ] two\n"

    assert [(s.title, s.done, s.open) for s in read(text).sections] == [("Next", 1, 1)]


def test_a_section_after_appended_ones_is_its_own() -> None:
    progress = read(APPENDED + "## More work\n- [ ] four\n")

    assert [(s.title, s.open) for s in progress.sections] == [("Next Steps", 2), ("More work", 1)]


@pytest.mark.parametrize(
    ("title", "state"),
    [
        ("Paint the door (in progress)", "in_progress"),
        ("Paint the door — IN PROGRESS", "in_progress"),
        ("Paint the door ← current", "in_progress"),
        ("🚧 Paint the door", "in_progress"),
        ("Paint the door (blocked: no paint)", "blocked"),
        ("Paint the door - BLOCKED", "blocked"),
        ("Draw an in-progress bar", "open"),
        ("Unblock the drain", "open"),
    ],
)
def test_words_that_tell_the_state_of_an_open_box(title: str, state: str) -> None:
    (task,) = read(f"- [ ] {title}").tasks

    assert task.state == state


def test_states_count_as_open_and_are_listed() -> None:
    progress = read("- [~] a\n- [!] b\n- [ ] c\n- [x] d (in progress)\n")

    assert (progress.done, progress.open, progress.total) == (1, 3, 4)
    assert (progress.in_progress, progress.blockers) == (("a",), ("b",))


def test_line_ends_of_every_system() -> None:
    assert states("- [x] a\r\n- [ ] b\r- [ ] c\n") == [("a", "done"), ("b", "open"), ("c", "open")]


def test_titles_are_clean() -> None:
    progress = read(
        "## \x1b[31mRed\x1b[0m\n- [ ] \x1b]52;c;aGk=\x07a\x07b\u202ec [/x] [@click=q]d[/]\n"
    )

    (task,) = progress.tasks
    assert progress.sections[0].title == "Red"
    assert "\x1b" not in task.title
    assert "\u202e" not in task.title
    assert "\x07" not in progress.text


def test_words_with_underscores_keep_them() -> None:
    assert states("- [ ] Sort __all__ of `my_long_name.py` and *this* _too_ __so it is__") == [
        ("Sort __all__ of my_long_name.py and this too so it is", "open")
    ]


def test_a_long_text_shows_both_ends() -> None:
    progress = read("- [x] first\n" + f"{'words ' * 100}\n" * 3_000 + "- [ ] last\n")

    assert progress.text.startswith("- [x] first")
    assert progress.text.endswith("- [ ] last\n")
    assert "characters left out" in progress.text
    assert len(progress.text) < 1_001_000
    assert [task.line for task in progress.tasks] == [1, 3_002]
