"""Progress files: which fractions count tasks."""

from __future__ import annotations

import pytest

from tui.feeds.progress.feature_list import read_feature_list
from tui.feeds.progress.reader import read_progress, with_features


def counted(text: str) -> tuple[str, int, int]:
    progress = read_progress(text, "p", None)
    return progress.basis, progress.done, progress.open


@pytest.mark.parametrize(
    ("text", "done", "open_"),
    [
        ("26/30 features passing (86.7%)", 26, 4),
        ("**Progress:** 196/477 (41.1%) -> 197/477 (41.3%)", 197, 280),
        ("- 239/317 → 240/317 (75.7%)", 240, 77),
        ("- 当前完成状态：`5/9 features passing`", 5, 4),
        ("### 已完成功能 (36/36) 🎉", 36, 0),
        ("진행률: 7/10 완료", 7, 3),
        ("Выполнено: 5/12 задач", 5, 7),
        ("Completed 26 of 30 features", 26, 4),
        ("Implemented 12 features, bringing total to 104/109.", 104, 5),
        ("3/10 features remaining", 7, 3),
        ("Progress: 0/12", 0, 12),
        ("Milestones: 2 / 7", 2, 5),
        ("Status: 5/5 tests, 7/9 tasks", 7, 2),
        ("Done: 12/20 (up from 10/20)", 12, 8),
        ("Status: 134/137 features passing (97.8%)\n- Started session: 125/137 (91.2%)", 134, 3),
        ("Features: 20/40 complete\nFeatures: 21/40 complete", 21, 19),
        ("Overall: 21/40 tasks\nThis session: 3/3 tasks done", 21, 19),
        ("- Total Features: 204\n- Passing: 200\n- In Progress: 0", 200, 4),
        ("- **Total Tasks:** 21\n- **Completed:** 0\n- **Remaining:** 21", 0, 21),
        ("## Phase 0: ✅ COMPLETE (6/6)\n## Phase 1: (3/5)", 9, 2),
        ("## All (11/12)\n### Cellar (6/6)\n### Attic (5/6)", 11, 1),
        ("- 2/33 active features passing (was 4/32)", 2, 31),
        ("Progreso: 9/12 funcionalidades completadas (75%)", 9, 3),
        ("**Features**: **41**/**50**", 41, 9),
        ("Features complete: 1,200/1,500", 1200, 300),
        ("Features passing: 15/30 (regression found)", 15, 15),
        ("Features: 31/205\n- target 40/205 features\n- Goal: 50/205 features (24%)", 31, 174),
        ("Starting Status: 109/120 features\nEnding Status: 112/120 features", 112, 8),
        ("- a.json - 12/12 features passing\n- b.json - 0/12 features passing", 12, 12),
        ("| Category | Done | Total |\n|---|---|---|\n| Core | 5 | 5 |\n| Edge | 4 | 9 |", 9, 5),
        (
            "| Category | Done | Total |\n|--|--|--|\n| A | 5 | 5 |\n| B | 4 | 9 |\n| **Total** | 9 | 14 |",
            9,
            5,
        ),
        ("## Status\n- Before: 5/9 features\n- After: 7/9 features", 7, 2),
        ("## Status\n- Features: 7/9\n- Docs: 3/3", 7, 2),
        ("| Category | Progress |\n|---|---|\n| Core | 5/5 |\n| Edge | 4/9 |", 9, 5),
        ("- 总功能: 18/18 已完成 (100%)\n### ✅ 基础 (3/3)\n### ✅ 其他 (4/4)", 18, 0),
    ],
)
def test_counts_of_tasks(text: str, done: int, open_: int) -> None:
    assert counted(text) == ("counts", done, open_)


@pytest.mark.parametrize(
    "text",
    [
        "(63/63 tests passing)",
        "Tests passing: 104 out of 109 (95.4%)",
        "pm_quality_checks: 24/24 PASS",
        "회귀 테스트: 21/21 PASS",
        "EVAL F-001 GREEN — criteria 9/9 pass",
        "41/44 passed in 3.2 s",
        "Test coverage: 80/100 (80%) complete",
        "Test progress: 5/5 tests passing (100%)",
        "Status: 58/63 tests passing (92.1%)",
        "Progress: 5/5 tests passing",
        "Progress: Phase 3/7\nIteration 5/20\nWeek 2/4",
        "| Session | Done | Total |\n|---|---|---|\n| 1 | 3 | 9 |\n| 2 | 5 | 9 |",
        "| Iteration | Done | Total |\n|---|---|---|\n| 1 | 3 | 9 |\n| 2 | 5 | 9 |",
        "## Status\n- Build: 1/1\n- Unit: 40/40",
        "| Suite | Done | Total |\n|---|---|---|\n| Unit | 5 | 5 |\n| End | 4 | 9 |",
        "Total: 210\nCompleted: 0\n## Session 1\n#### Completed:\n- a\n## Session 2\n#### Completed:\n- b",
        "Created: 12/31/2025, progress to follow",
        "Due 1/20/2026, done",
        "support 24/7, complete",
        "aspect ratio 16/9",
        "Iteration 3/5",
        "- Event: Restart attempt 2/5",
        "Call 1/100 done",
        "Phase 2/6 complete",
        "see https://example.org/3/4 for progress",
        "src/1/2 done",
        "progress: 5/0",
        "progress: 9/7",
        "- Total: 3393 tests\n- Passed: 3265 (96.2%)",
        "everything is 100% complete",
        "```\nProgress: 3/9 features\n```",
        "## Watchdog Termination\n- Reason: 3/9 features done",
        "",
    ],
)
def test_other_fractions_count_nothing(text: str) -> None:
    assert counted(text) == ("unknown", 0, 0)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("- [x] a\n- [ ] b\nProgress: 26/30 features\n", ("counts", 26, 4)),
        ("Status: 18/24 features\n## Session 1\n- [x] a\n## Session 2\nwords\n", ("counts", 18, 6)),
        ("- [x] a\n- [ ] b\nProgress: 1/2\n", ("checkboxes", 1, 1)),
        ("- [x] a\n- [ ] b\nProgress: 2/2 tasks\n", ("counts", 2, 0)),
        ("- [x] a\n- [x] b\nProgress: 1/2 tasks\n", ("checkboxes", 2, 0)),
        ("- [x] a\n- [x] b\n- [ ] c\nMilestones: 2/7\n", ("checkboxes", 2, 1)),
        ("## Cellar (0/2)\n- [x] a\n- [x] b\n", ("checkboxes", 2, 0)),
        ("## Cellar (5/6)\n- [x] a\n- [x] b\n", ("counts", 5, 1)),
        ("Phase 2 progress: 1/2 tasks\n- [x] a\n- [ ] b\n- [ ] c\n", ("checkboxes", 1, 2)),
    ],
)
def test_counts_of_the_whole_go_before_boxes_of_a_part(
    text: str, answer: tuple[str, int, int]
) -> None:
    assert counted(text) == answer


def sessions(*entries: str) -> str:
    return "\n".join(
        f"## {head}\nProgress: {count} features" for head, count in map(_split, entries)
    )


def _split(entry: str) -> list[str]:
    return entry.split(" | ")


@pytest.mark.parametrize(
    ("entries", "done"),
    [
        (("Session 1 | 3/9", "Session 2 | 4/9", "Session 3 | 6/9"), 6),
        (("Session 3 | 6/9", "Session 2 | 4/9", "Session 1 | 3/9"), 6),
        (("2026-02-08 | 6/9", "2026-02-07 | 4/9", "2026-01-30 | 3/9"), 6),
        (
            (
                "Session 9 (2026-02-08) | 6/9",
                "Session 8 (2026-02-08) | 5/9",
                "Session 1 (2026-02-01) | 1/9",
            ),
            6,
        ),
        (
            (
                "Session 9 (2026-02-08) | 6/9",
                "Session 2 (2026-02-01) | 1/9",
                "Session - last (2026-02-08) | 7/9",
            ),
            7,
        ),
        (("2026-02-08 | 6/9", "2026-02-08 | 7/9"), 7),
        (("Monday | 6/9", "Tuesday | 7/9"), 7),
    ],
)
def test_the_newest_session_has_the_last_word(entries: tuple[str, ...], done: int) -> None:
    assert counted(sessions(*entries)) == ("counts", done, 9 - done)


def test_counted_headings_become_sections() -> None:
    progress = read_progress("## Phase 0: ✅ COMPLETE (6/6)\n## Phase 1 [3/5]\n", "p", None)

    assert [(s.title, s.done, s.open) for s in progress.sections] == [
        ("Phase 0: ✅ COMPLETE", 6, 0),
        ("Phase 1", 3, 2),
    ]


# --- feature_list.json ---


def test_features_as_a_list() -> None:
    data = b"""[
      {"category": "style", "description": "Paint **it**", "steps": [], "passes": true},
      {"category": "style", "description": "Hang it", "passes": false, "priority": "P1"},
      {"category": "other", "id": 7, "passes": null, "status": "in_progress", "priority": 40},
      "noise", 3, null
    ]"""
    progress = read_feature_list(data, "feature_list.json", 5.0)

    assert (progress.basis, progress.done, progress.open) == ("features", 1, 2)
    assert [(t.title, t.state, t.section, t.priority) for t in progress.tasks] == [
        ("Paint it", "done", "style", ""),
        ("Hang it", "open", "style", "P1"),
        ("7", "in_progress", "other", ""),
    ]
    assert progress.in_progress == ("7",)
    assert [(s.title, s.done, s.open) for s in progress.sections] == [
        ("style", 1, 1),
        ("other", 0, 1),
    ]


@pytest.mark.parametrize(
    ("data", "done", "open_"),
    [
        (
            b'{"version": 1, "features": [{"id": "a", "passes": true}, {"id": "b", "passes": false}]}',
            1,
            1,
        ),
        (b'{"phases": [{"name": "One", "features": [{"name": "a", "passes": true}]}]}', 1, 0),
        (b'\xef\xbb\xbf[{"name": "a", "passes": "true"}, {"name": "b", "passes": 0}]', 1, 1),
        (b'[{"name": "a", "status": "completed"}, {"name": "b", "status": "todo"}]', 1, 1),
        (b'[{"name": "a", "passes": false, "status": "done"}]', 0, 1),
    ],
)
def test_features_in_other_shapes(data: bytes, done: int, open_: int) -> None:
    progress = read_feature_list(data, "f", None)

    assert (progress.done, progress.open) == (done, open_)


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"null", b"3", b'{"features": []}', b'[{"name": "a"}]', b"[1, 2]", b'[{"passes": tr',
     b"\xff\xfe", b"[" * 100_000, b'{"features": {"a": 1}}'],
)  # fmt: skip
def test_no_features_are_unknown_progress(data: bytes) -> None:
    progress = read_feature_list(data, "plans/f.json", None)

    assert (progress.basis, progress.total) == ("unknown", 0)
    assert progress.rests_on.startswith("f.json ")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (
            "Progress: 40/63 tests passing (63.5%)\nSession Start: 36/63 (57.1%)\n",
            ("tests", 40, 23),
        ),
        ("Progress: 40/63 tests passing (63.5%)\nFeatures: 7/9\n", ("counts", 7, 2)),
        ("Progress: 40/63 tests passing (63.5%)\n- [x] a\n- [ ] b\n", ("checkboxes", 1, 1)),
    ],
)
def test_tests_stand_for_tasks_where_the_file_calls_them_its_progress(
    text: str, answer: tuple[str, int, int]
) -> None:
    assert counted(text) == answer


def test_features_go_before_tests_that_stand_for_tasks() -> None:
    features = read_feature_list(b'[{"name": "a", "passes": true}]', "f", None)
    tests = read_progress("Progress: 4/8 tests passing (50%)\n", "p", None)

    assert not tests.counts_tasks
    assert with_features(tests, features).basis == "features"
    assert with_features(tests, read_feature_list(b"{}", "f", None)) == tests


def test_features_count_where_the_file_counts_nothing() -> None:
    features = read_feature_list(b'[{"name": "a", "passes": true}]', "f", None)
    words = read_progress("# Goal: rest\n## Blockers\n- rain\n", "p", None)
    boxes = read_progress("- [ ] a\n- [ ] b\n", "p", None)

    merged = with_features(words, features)
    assert (merged.basis, merged.done, merged.goal, merged.blockers) == (
        "features",
        1,
        "rest",
        ("rain",),
    )
    assert with_features(boxes, features) == boxes
    assert with_features(words, None) == words
