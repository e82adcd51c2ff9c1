"""Feature lists of every shape; broken and hostile ones say why they are not counted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.feeds.progress.feature_list import is_json, read_feature_list
from tui.feeds.progress.reader import read_progress_file
from tui.model.records import ProgressFile


def read(document: Any) -> ProgressFile:
    return read_feature_list(json.dumps(document).encode(), "feature_list.json", None)


WORDS = {
    "done": "pass passing passed implemented done complete completed verified DONE",
    "open": "failing fail todo planned pending skipped not_started Not-Started deferred",
    "in_progress": "in_progress in-progress wip ready_for_qa",
    "blocked": "blocked on_hold",
}


@pytest.mark.parametrize(
    ("state", "word"), [(state, word) for state, words in WORDS.items() for word in words.split()]
)
def test_status_words(state: str, word: str) -> None:
    (task,) = read([{"title": "one", "status": word}]).tasks

    assert task.state == state


@pytest.mark.parametrize(
    ("document", "done", "open_"),
    [
        ({"userStories": [{"title": "a", "passes": True}, {"title": "b", "passes": False}]}, 1, 1),
        ({"1": {"title": "a", "status": "passing"}, "2": {"title": "b", "status": "todo"}}, 1, 1),
        ({"features": {"login": "done", "logout": "todo"}}, 1, 1),
        ({"features": {"login": {"passes": True}, "logout": {"passes": False}}}, 1, 1),
        ({"phases": [{"name": "A", "features": [{"name": "x", "passes": True}]}]}, 1, 0),
        ({"phases": {"A": {"features": [{"name": "x", "passes": True}]}}}, 1, 0),
        ({"categories": {"auth": [{"name": "x", "passes": False}]}}, 0, 1),
        ({"auth": [{"name": "x", "status": "done"}], "ui": [{"name": "y", "status": "open"}]}, 1, 1),
        ({"master": {"tasks": [{"title": "x", "status": "done", "subtasks": [{"status": "todo"}]}]}}, 1, 0),
        ({"features": [{"name": "x", "completed": "2026-01-02"}, {"name": "y", "completed": None}]}, 1, 1),
        ({"knownIssues": [{"title": "k", "status": "open"}],
          "userStories": [{"title": "a", "passes": True}]}, 1, 0),
        ([{"name": "x", "status": "cancelled"}, {"name": "y", "status": "done"}], 1, 0),
        ([{"name": "x", "passes": False, "status": "done"}], 0, 1),
        ({"phases": [{"name": "A", "status": "active", "features": [{"name": "x", "status": "done"}]}]}, 1, 0),
        ({"epics": [{"status": "todo", "stories": [{"status": "done"}, {"status": "todo"}]}]}, 1, 1),
        ({"features": [{"status": "done", "tasks": [{"status": "done"}, {"status": "todo"}]}]}, 1, 0),
        ({"phases": [{"name": "A", "status": "done", "features": ["x", "y"]}]}, 1, 0),
        ({"completed": ["a", {"id": "b"}], "in_progress": ["c"], "pending": ["d"]}, 2, 2),
        ({"功能列表": [{"名称": "登录", "状态": "已完成"}, {"名称": "导出", "状态": "进行中"}]}, 1, 1),
        ({"features": [{"name": "x", "status": "100%"}, {"name": "y", "status": "Done (2026-01-02) ✅"},
                       {"name": "z", "status": "40%"}]}, 2, 1),
        ({"total": 5, "completed": 3}, 3, 2),
    ],
)  # fmt: skip
def test_shapes(document: Any, done: int, open_: int) -> None:
    progress = read(document)

    assert (progress.done, progress.open) == (done, open_)


def test_titles_and_parts() -> None:
    progress = read(
        {
            "phases": [
                {"name": "One", "features": [{"name": "x", "description": "long", "passes": True}]}
            ]
        }
    )

    assert [(task.title, task.section) for task in progress.tasks] == [("x", "One")]
    keyed = read({"7": {"status": "done"}})
    assert [task.title for task in keyed.tasks] == ["7"]


def test_entries_win_over_counters_that_disagree() -> None:
    progress = read(
        {
            "metadata": {"total_features": 9, "completed": 4},
            "features": [{"name": "x", "passes": True}],
        }
    )

    assert (progress.done, progress.open) == (1, 0)
    assert progress.rests_on == "1 of 1 entry in feature_list.json; its own counter says 4 of 9"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is no JSON that can be read (line 1)"),
        (b'{\n"features": [{"passes": tr', "is no JSON that can be read (line 2)"),
        (b"[" * 100_000, "is no JSON that can be read"),
        (
            b'{"features": [{"name": "x", "status": "enabled"}]}',
            "says neither done nor open: enabled",
        ),
        (b'{"type": "FeatureCollection", "features": [{"type": "Feature"}]}', "has no entry"),
        (b'{"features": {"dark_mode": true}}', "has no entry"),
        (b"[" + b" " * (17 << 20) + b"]", "which is not read"),
    ],
)
def test_what_cannot_be_counted_says_why(data: bytes, why: str) -> None:
    progress = read_feature_list(data, "plan/features.json", None)

    assert (progress.basis, progress.total) == ("unknown", 0)
    assert progress.rests_on.startswith("features.json ")
    assert why in progress.rests_on


def test_control_characters_in_strings_are_survived() -> None:
    progress = read_feature_list(b'[{"name": "a\x1b[31m\nb", "passes": true}]', "f.json", None)

    assert progress.done == 1
    assert "\x1b" not in progress.tasks[0].title


@pytest.mark.parametrize(
    ("data", "source", "json_"),
    [
        (b"- [x] a", "p.json", True),
        (b'[{"passes": true}]', "progress.txt", True),
        (b"[2026-01-01] begun", "progress.txt", False),
        (b'{"a": 1} and words', "progress.txt", False),
        (b"[x] a box", "progress.txt", False),
    ],
)
def test_what_is_json(data: bytes, source: str, json_: bool) -> None:
    assert is_json(data, source) is json_


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["done", "todo"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["features", "phases", "status", "passes", "name", "id", "total", "tasks", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None, max_examples=300)
@given(JSON)
def test_any_document_has_an_answer(document: Any) -> None:
    progress = read_progress_file(json.dumps(document).encode(), "f.json", None)

    assert (progress.basis == "unknown") == (progress.total == 0)
    assert progress.rests_on
    if progress.basis == "features":
        assert len(progress.tasks) == progress.total
