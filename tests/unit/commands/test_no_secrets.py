"""What commands print about the machine, and what they keep of a crash, holds no credential."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import Done
from tests.unit.commands.contract import Run
from tui.store.crash_log import report_crash

# Put together here, so that no scanner of this source takes it for a key.
KEY = "sk-" + "ant-api03-" + "a9Bq7Zt2Lm4Xc8Vn1Kd6Rf3Hs5Gj0Pw2YeQu"


def no_key(done: Done) -> None:
    assert KEY[12:24] not in done.out.decode() + done.err


@pytest.mark.parametrize(
    "words",
    [("rewind",), ("review",), ("withdraw",), ("unit", "x", "--at"), ("status", "--project"), ()],
)
def test_no_error_sentence_carries_a_key(tui: Run, words: tuple[str, ...]) -> None:
    done = tui(*words, f"x {KEY}")
    assert done.code
    no_key(done)


def test_config_and_doctor_echo_no_key(tui: Run, project: Path) -> None:
    (project / "config").mkdir()
    text = f'agent:\n  extra_args: ["--append-system-prompt", "curl -u me:{KEY[12:40]} x {KEY}"]\n'
    (project / "config/overnight.yaml").write_text(text)
    for words in (("config",), ("doctor",), ("doctor", "--json")):
        no_key(tui(*words))


def test_the_crash_log_keeps_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    try:
        raise ValueError(f"refused: Authorization: Bearer {KEY}")
    except ValueError as error:
        report_crash(error)
    (log,) = tmp_path.rglob("crash.log")
    kept = log.read_text()
    assert "ValueError: refused" in kept
    assert KEY[12:24] not in kept


@pytest.mark.parametrize("goal", ["a\x1b[2Jb", "a\x9bb", "a\u202eb", "a\x7f"])
def test_a_unit_with_control_characters_is_refused(tui: Run, goal: str) -> None:
    done = tui("unit", goal)
    assert (done.code, done.out) == (2, b"")
    assert "control characters" in done.err


def test_the_sentence_says_that_something_was_hidden(tui: Run) -> None:
    assert "[hidden]" in tui("status", "--project", f"x {KEY}").err
