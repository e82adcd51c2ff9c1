"""`unit` from the command line: printed, refused, recorded, told."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.unit.runner.notify_scene import serving, until
from tests.unit.runner.schedule.stand_in import Machine
from tui.runner.schedule.starts import past_starts
from tui.system.children import python_child

GOAL = "Do the open tasks."


class Place:
    """A project, a machine, and the program started in them as a person would."""

    def __init__(self, base: Path) -> None:
        self.machine = Machine(base, "systemctl")
        self.machine.environ["XDG_STATE_HOME"] = str(base / "state")
        self.project = base / "p"
        subprocess.run(["git", "init", "-q", str(self.project)], check=True)

    def call(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            python_child.module_command("tui.cli", *words),
            cwd=self.project,
            env={**self.machine.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_it_prints_and_writes_nothing(place: Place) -> None:
    before = sorted(place.machine.home.rglob("*"))
    done = place.call("unit", GOAL, "--at", "23:00", "--on", "mon-fri", "--", "--max-cost", "5")
    assert done.returncode == 0, done.stderr
    assert "OnCalendar=Mon..Fri *-*-* 23:00:00" in done.stdout
    assert "# 0 23 * * 1-5  export PATH=" in done.stdout
    assert f'"--detach" "--max-cost" "5" "{GOAL}"' in done.stdout
    assert done.stderr == ""
    assert sorted(place.machine.home.rglob("*")) == before
    assert place.machine.calls() == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("x", "--at", "25:00"), 2, "no time of day"),
        (("x", "--on", "someday"), 2, "names no days"),
        (("x", "--", "--max-cots", "5"), 2, "`run`, which would not take it"),
        (("x", "--", "--permissions", "some"), 2, "`run`, which would not take it"),
        (("x", "--install", "--remove"), 2, "not allowed with"),
        (("--install",), 2, "needs a goal"),
        (("--remove",), 3, "no such schedule"),
        (("x", "--install"), 4, "not logged in"),
        (("two\nlines",), 2, "in one line"),
    ],
)
def test_what_cannot_be_is_refused(
    place: Place, words: tuple[str, ...], code: int, said: str
) -> None:
    done = place.call("unit", *words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert done.stdout == ""


def test_installed_listed_removed(place: Place) -> None:
    place.machine.log_in()
    done = place.call("unit", GOAL, "--at", "23:00", "--install", "--", "--max-cost", "5")
    assert done.returncode == 0, done.stderr
    again = place.call("unit", "Another.", "--at", "23:00", "--install")
    assert "only one session at a time works" in again.stderr
    listed = place.call("unit").stdout
    assert GOAL in listed
    assert "Another." in listed
    assert place.call("unit", "--remove").returncode == 4
    assert place.call("unit", "Another.", "--remove").returncode == 0
    assert place.call("unit", "--at", "23:00", "--remove").returncode == 0
    assert list(place.machine.units.iterdir()) == []


def test_a_night_that_does_not_start_is_recorded_and_told(place: Place) -> None:
    with serving() as service:
        config = place.machine.home / ".config" / "overnight-tui"
        config.mkdir(parents=True)
        (config / "config.yaml").write_text(
            json.dumps(
                {
                    "notifications": {
                        "urls": [service.url()],
                        "allow_private_addresses": True,
                        "tmux": False,
                    }
                }
            )
        )
        failed = place.call("run", "--detach", GOAL, OVERNIGHT_UNIT="overnight-p-2300-12345678")
        assert failed.returncode == 4, failed.stderr
        told = place.call("unit", "--failed", "overnight-p-2300-12345678")
        assert told.returncode == 0, told.stderr
        assert "did not start: Claude Code is not logged in" in told.stderr
        until(lambda: service.taken, "the message")
        assert "did not start" in service.taken[0].body.decode()
    (start,) = past_starts(place.project, place.machine.environ)
    assert start.unit == "overnight-p-2300-12345678"
    assert "not logged in" in start.text
    assert "did not start: Claude Code is not logged in" in place.call("unit").stdout
    assert os.environ.get("OVERNIGHT_UNIT") is None
