"""The file of prices that the settings name: read with a bound, never a reason to stop."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tui.monitor.prices_in_force import price_table

ENTRY = {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}


def test_no_file_is_the_built_in_table() -> None:
    table = price_table({}, None)
    assert (table.problem, table.priced_on.endswith("(built in)")) == ("", True)


def test_a_file_is_dated_by_its_last_change(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text(json.dumps({"m": ENTRY}))
    os.utime(file, (1_790_000_000, 1_790_000_000))
    table = price_table({}, str(file))
    assert table.priced_on == f"2026-09-21 ({file})"
    assert table.rates("m") is not None
    file.write_text(json.dumps({"n": ENTRY}))
    later = price_table({}, str(file))
    assert later.rates("m") is None
    assert later.mark != table.mark


def test_a_file_below_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "p.json").write_text(json.dumps({"m": ENTRY}))
    assert price_table({}, "~/p.json").rates("m") is not None


def test_what_cannot_be_read_is_named_in_one_sentence(tmp_path: Path) -> None:
    broken, pipe, folder = tmp_path / "broken.json", tmp_path / "pipe", tmp_path / "folder"
    broken.write_text("{")
    os.mkfifo(pipe)
    folder.mkdir()
    for path, why in (
        (broken, "is no JSON"),
        (pipe, "not a regular file"),
        (folder, "cannot be read"),
        (tmp_path / "none", "No such file"),
        (Path("p.json"), "does not begin with / or ~"),
    ):
        table = price_table({}, str(path))
        assert why in table.problem
        assert "\n" not in table.problem
        assert table.rates("claude-opus-5-5") is not None
