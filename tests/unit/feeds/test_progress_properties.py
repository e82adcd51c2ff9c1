"""Progress files of any content: an answer for all of them, in linear time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.feeds.progress.feature_list import read_feature_list
from tui.feeds.progress.reader import read_progress
from tui.model.records import ProgressFile

PIECES = [
    "- [ ] a", "- [x] b", "* [~] c", "[x", "]", "## Blockers", "# Session: 3", "## Session 4 (2026-01-02)",
    "Date: 2026-01-01", "In Progress:", "=====", "-----", "```", "~~~", "<!--", "-->", "| a | [x] |", "|---|",
    "3/4 features", "Progress: 5/9 (55.6%)", "Total: 9", "Done: 4", "None", "**b**", "_i_", "`c`", " ", "\t",
    "\r", "\n", "\x1b[1m", "\x00", "\u202e", "\ud800", "【x】", "Goal: g", "## Context Compaction", "...",
]  # fmt: skip


def check(progress: ProgressFile) -> None:
    assert progress.done >= 0
    assert progress.open >= 0
    assert (progress.basis == "unknown") == (progress.total == 0)
    assert len(progress.tasks) == (
        progress.total if progress.basis in ("checkboxes", "states") else 0
    )
    shown = [progress.goal, progress.session, progress.started, progress.text]
    shown += [*progress.blockers, *progress.in_progress]
    shown += [task.title for task in progress.tasks] + [part.title for part in progress.sections]
    assert not set("".join(shown)) & set("\x00\x07\x1b\x9b\r\u202e\ud800")
    if progress.basis == "checkboxes":
        assert sum(part.done for part in progress.sections) == progress.done
        assert sum(part.open for part in progress.sections) == progress.open


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from(["", "\n", "\n\n", " "]))
def test_any_mixture_gives_an_answer(pieces: list[str], between: str) -> None:
    check(read_progress(between.join(pieces), "p", None))


@settings(deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_give_an_answer(data: bytes) -> None:
    check(read_progress(data.decode("utf-8", "replace"), "p", None))
    features = read_feature_list(data, "f", None)
    assert (features.basis == "unknown") == (features.total == 0)


@settings(deadline=None)
@given(st.lists(st.sampled_from([" ", "x", "~"]), max_size=30), st.data())
def test_every_box_is_counted_once(marks: list[str], data: st.DataObject) -> None:
    noise = st.sampled_from(
        ["", "words", "## Notes", "## Context Compaction\n- Note: x", "====", "**Part**"]
    )
    text = "".join(f"{data.draw(noise)}\n- [{mark}] task {n}\n" for n, mark in enumerate(marks))
    progress = read_progress(text, "p", None)

    assert progress.done == marks.count("x")
    assert progress.open == len(marks) - marks.count("x")


HOSTILE = {
    "fences": "```a\n",
    "comments": "<!-- \n",
    "heading with spaces": "#  a" + " " * 1990 + "\n",
    "brackets": "[" * 1999 + "\n",
    "stars": "- [ ] " + "*a" * 990 + "\n",
    "emphasis": "- [ ] " + "**a" * 660 + "_b" * 10 + "\n",
    "pairs": "1/2 " * 499 + "\n",
    "progress pairs": "progress 1/2 " * 150 + "\n",
    "rulers": "-" * 1998 + "x\n",
    "sessions": "## Session 1 (2026-01-01)\n",
    "blockers": "## Blockers\n- " + "none yet " * 50 + "x\n",
    "deep": "\t" * 100 + "- [ ] a\n",
    "arrows": "- [ ] " + "<=" * 990 + "\n",
    "cells": "| a " * 500 + "\n",
    "returns": "\r",
    "escapes": "\x1b[",
    "one line": "- [ ] a",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_linear_time(name: str) -> None:
    size = 150_000
    text = (HOSTILE[name] * (size // len(HOSTILE[name]) + 1))[:size]

    began = time.process_time()
    check(read_progress(text, "p", None))

    assert time.process_time() - began < 2


def test_a_progress_file_of_nineteen_thousand_lines_reads_at_once() -> None:
    part = "## Session {n} (2026-01-01)\n\n- Did a thing with `code` and **bold** words\n- [x] task {n}\n"
    text = "".join(part.format(n=n) + "Progress: 3/9 features (33.3%)\n" for n in range(3900))

    began = time.process_time()
    progress = read_progress(text, "p", None)

    assert (progress.done, progress.open) == (3, 6)
    assert time.process_time() - began < 2
