"""Progress files: tables, signs and words as states, and which of several kinds of evidence counts."""

from __future__ import annotations

import pytest

from tui.feeds.progress.reader import read_progress

TABLES = [
    ("| 编号 | 功能 | 状态 |",
     ["| F1 | 登录 | ✅ 已完成 |", "| F2 | 导出 | 🚧 进行中 |", "| F3 | 报表 | ⬜ 未开始 |"],
     (1, 2), ("导出",)),
    ("| 번호 | 기능 | 상태 |",
     ["| 1 | 로그인 | 완료 |", "| 2 | 결제 | 진행 중 |", "| 3 | 알림 | 대기 |"], (1, 2), ("결제",)),
    ("| ID | タスク | ステータス |", ["| 1 | 認証 | ✅ 完了 |", "| 2 | 決済 | 未着手 |"], (1, 1), ()),
    ("| № | Задача | Статус |", ["| 1 | Вход | готово |", "| 2 | Оплата | в работе |"], (1, 1), ("Оплата",)),
    ("| ID | Task | Priority | Status |",
     ["| T1 | Login | P0 | Done |", "| T2 | Pay | P1 | In Progress (60%) |",
      "| T3 | Ship | P2 | Blocked (api) |", "| T4 | Docs | P2 | Not started yet |",
      "| T5 | Fax | P2 | Cancelled |"], (1, 3), ("Pay",)),
    ("| Phase | Progress |", ["| One | 100% |", "| Two | 40% |", "| Total | 70% |"], (1, 1), ("Two",)),
]  # fmt: skip


@pytest.mark.parametrize(("header", "rows", "figures", "underway"), TABLES)
def test_a_table_with_a_column_for_the_state(
    header: str, rows: list[str], figures: tuple[int, int], underway: tuple[str, ...]
) -> None:
    ruler = "|" + "---|" * (header.count("|") - 1)
    progress = read_progress("\n".join([header, ruler, *rows]), "p", None)

    assert progress.basis == "states"
    assert (progress.done, progress.open) == figures
    assert progress.in_progress == underway
    assert "rows of tables with a state (from line 3)" in progress.rests_on


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("## Tasks\n- ✅ Login\n- 🔄 Export\n- ⏳ Report\n- ❌ Audit\n", (1, 3)),
        ("## Features\n- ✅ Login\n- ✅ Export\n", (2, 0)),
        ("A1: DONE — x\nA2: DONE — y\nA3: IN PROGRESS — z\nA4: TODO\n", (2, 2)),
        ("## Features\n1. Login - DONE\n2. Export - IN PROGRESS\n3. Report - TODO\n", (1, 2)),
        ("## Phase 1: Setup ✅\n## Phase 2: API — COMPLETE\n## Phase 3: UI IN PROGRESS\n", (2, 1)),
        ("## Status\n\n| Metric | Value |\n|---|---|\n| Features Created | 75 |\n| Features Passing | 3 |\n",
         (3, 72)),
        ("## Status\n- Features completed: 11\n- Features remaining: 4\n", (11, 4)),
        ("总数: 36\n已完成: 18\n进行中: 2\n未开始: 16\n", (18, 18)),
        ("已完成: 18\n进行中: 2\n未开始: 16\n", (18, 18)),
        ("Completed: 12, Remaining: 6", (12, 6)),
        ("Date: today\nAll 144/144 features remain passing (100%).\n", (144, 0)),
        ("## Summary\nAll 18 features complete and verified.\n", (18, 0)),
        ("## State\nTotal features: 12\n- CSV: 6/6 ✅\n- PDF: 4/6\n## Queue\n- [ ] CSV\n- [ ] PDF\n", (10, 2)),
        ("## State\n- [x] CSV\n- [x] PDF\n## Priority queue\n- [ ] CSV\n- [ ] PDF\n", (2, 0)),
        ("## Session 1 (2026-01-01)\n- [x] a\n### Next Steps\n- [ ] b\n- [ ] bb\n## Session 2 (2026-01-02)\n"
         "- [x] b\n- [ ] d\n", (2, 1)),
        ("## Features\n- [x] a\n- [x] b\n## Testing Evidence\n- [x] it opens\n", (2, 0)),
        ("### Completed Features: 42/50 (84%)\n- a\n### Remaining Features: 8/50 (16%)\n- b\n", (42, 8)),
        ("features_passing: 127 / 207\ncoverage: 100% (532 tests passing)\n", (127, 80)),
        ("### Задача 1: a — DONE\n### Задача 2: b — PARTIAL\n### Задача 3: c — DONE\n", (2, 1)),
        ("Completed: F001–F024 (24 of 24 features) + one more\n", (24, 0)),
        ("## Verification Checklist\n- [ ] it opens\n", (0, 1)),
        ("Progress: 3/9 features\n\nProgress: 5/9 features\n", (5, 4)),
        ("Progress: 7/9 features\n\nProgress: 5/9 features\n", (7, 2)),
    ],
)  # fmt: skip
def test_what_counts(text: str, figures: tuple[int, int]) -> None:
    progress = read_progress(text, "p", None)

    assert (progress.done, progress.open) == figures
    assert progress.rests_on


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("| Test | Status |\n|---|---|\n| login | PASS |\n| pay | FAIL |\n", "nothing in it"),
        ("| File | Status |\n|---|---|\n| a.py | Created |\n| b.py | Modified |\n", "nothing in it"),
        ("## Session 3\n- ✅ Fixed a\n- ✅ Fixed b\n", "nothing in it"),
        ("## Test Results\n- ✅ a\n- ❌ b\n", "nothing in it"),
        ("Overall progress: 75.7%\n", "only a percentage: 'Overall progress: 75.7%' (line 1)"),
        ("Progress: 3/9 features\n\nProgress: 7/9 features\n\nProgress: 5/9 features\n", "rise and fall"),
        ("## Session 1\n- [x] a\n- [ ] b\n## Session 2\nwords\n", "belong to 'Session 1'"),
        ("## Completed Tasks\n- [x] a\n- [x] b\n## Next Tasks\n1. c\n2. d\n", "'Next Tasks' has none"),
        ("## Session 1\n- Phase 2: (4/5 tasks done)\n## Session 2\nwords\n", "not of the newest part"),
        ("# SESSION 1\n## NEXT STEPS\n✓ Base\n⏳ Parts\n⏳ Services\n", "nothing in it"),
        ("## Session 1\n| Task | Status |\n|--|--|\n| a | done |\n| b | todo |\n## Session 2\nwords\n",
         "its 2 listed tasks belong to 'Session 1'"),
        ("```\n- [ ] sample\nProgress: 1/9\n```\nwords\n", "nothing in it"),
        ("(63/63 tests passing)\n- Unit tests: 63/63\n- Smoke tests: 5/9\n", "nothing in it"),
    ],
)  # fmt: skip
def test_unknown_is_better_than_wrong(text: str, why: str) -> None:
    progress = read_progress(text, "p", None)

    assert (progress.basis, progress.done, progress.open) == ("unknown", 0, 0)
    assert why in progress.rests_on


def test_a_phase_that_is_underway_is_what_is_worked_on() -> None:
    assert read_progress("Phase 9 IN PROGRESS\nwords\n", "p", None).in_progress == ("Phase 9",)


def test_a_status_that_waits_is_a_blocker() -> None:
    text = "A1: DONE — x\nStatus: WAITING for a token\nA2: DONE — y\nStatus: WAITING for a review\n"

    assert read_progress(text, "p", None).blockers == ("WAITING for a review",)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# Log\n## Session 1 - 2026-01-01\na\n## Session 2 - 2026-01-02\nb\n", 4),
        ("# Log\n## Session 2 - 2026-01-02\nb\n## Session 1 - 2026-01-01\na\n", 0),
        ("# Log\nwords\nmore words\n", 0),
        ("[2026-01-01T10:00Z] a\n  more\n[2026-01-01T11:00Z] b\n  more\n", 3),
        ("- 2026-01-02: b\n- 2026-01-01: a\n", 0),
        ("=== Session A ===\na\n=== Session B ===\nb\n", 3),
    ],
)
def test_where_the_newest_part_begins(text: str, line: int) -> None:
    assert read_progress(text, "p", None).newest_line == line


def test_the_newest_line_is_that_of_the_text_which_is_shown() -> None:
    old = "".join(f"## Session {n}\n{'words ' * 20}\n" for n in range(1, 20_000))
    progress = read_progress(old + "## Session 20000\nthe newest\n", "p", None)
    lines = progress.text.split("\n")

    assert lines[progress.newest_line - 1] == "## Session 20000"


def test_what_counts_says_of_which_part_it_is() -> None:
    text = "## Session 1\nProgress: 3/9 features\n## Session 2\nwords\n"

    assert read_progress(text, "p", None).rests_on == (
        "'Progress: 3/9 features' (line 2) of 'Session 1', not of the newest part"
    )
