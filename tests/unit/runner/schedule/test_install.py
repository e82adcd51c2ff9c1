"""A schedule is installed once it would start, removed exactly, and nothing is left of what failed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.unit.runner.schedule.stand_in import Machine
from tui.runner.schedule import install, systemd
from tui.runner.schedule.spec import Schedule, make_schedule
from tui.runner.schedule.starts import PastStart, record_start
from tui.settings.settings import Settings
from tui.system.errors import NoSessionError, OvernightError, RefusedError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "p"
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


def machine_with(base: Path, *programs: str, logged_in: bool = True) -> Machine:
    machine = Machine(base, *programs)
    if logged_in:
        machine.log_in()
    return machine


def put(machine: Machine, schedule: Schedule) -> list[str]:
    around = machine.around(Path(schedule.project))
    return install.install(schedule, around, Settings(), machine.environ)


def everything(folder: Path) -> dict[str, bytes]:
    return {str(one): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}


def test_it_is_written_enabled_listed_and_removed(tmp_path: Path, project: Path) -> None:
    machine = machine_with(tmp_path, "systemctl", "loginctl")
    machine.units.mkdir(parents=True)
    (machine.units / "mine.timer").write_text("[Timer]\n")
    before = everything(machine.home)
    schedule = make_schedule(project, "Do it.", "23:00", "mon-fri", ("--max-cost", "5"))
    told = put(machine, schedule)
    name = schedule.name
    assert sorted(one.name for one in machine.units.iterdir()) == sorted(
        [
            "mine.timer",
            *(f"{name}{end}" for end in (".service", ".timer", "-failed.service")),
            *(f"{name}-watch{end}" for end in (".service", ".timer")),
        ]
    )
    assert machine.calls()[1:3] == [
        "systemctl --user daemon-reload",
        f"systemctl --user enable --now {name}.timer {name}-watch.timer",
    ]
    assert told[1] == "starts 23:00 on Mon-Fri"
    assert "enable-linger" in told[-1]
    assert [one.schedule for one in install.installed(machine.environ, project)] == [schedule]
    assert install.installed(machine.environ, tmp_path) == []
    wants = machine.units / "timers.target.wants"
    wants.mkdir()
    for timer in (f"{name}.timer", f"{name}-watch.timer"):
        (wants / timer).symlink_to(machine.units / timer)
    assert install.remove(machine.environ, project, None, None) == [f"{name}: removed from systemd"]
    assert everything(machine.home) == before
    assert f"systemctl --user disable --now {name}.timer {name}-watch.timer" in machine.calls()
    assert machine.calls()[-1] == "systemctl --user daemon-reload"


def test_two_in_one_project_are_told_apart(tmp_path: Path, project: Path) -> None:
    machine = machine_with(tmp_path, "systemctl")
    week = make_schedule(project, "Work.", "23:00", "mon-fri")
    end = make_schedule(project, "Upkeep.", "9:00", "sat,sun")
    put(machine, week)
    put(machine, end)
    with pytest.raises(RefusedError, match="several fit"):
        install.remove(machine.environ, project, None, None)
    with pytest.raises(NoSessionError, match=week.name):
        install.remove(machine.environ, project, "Nothing.", None)
    install.remove(machine.environ, project, "Upkeep.", None)
    assert [one.schedule for one in install.installed(machine.environ)] == [week]
    install.remove(
        machine.environ, project, None, make_schedule(project, "any", "23:00", "mon-fri")
    )
    assert install.installed(machine.environ) == []


def test_again_is_the_same(tmp_path: Path, project: Path) -> None:
    machine = machine_with(tmp_path, "systemctl")
    schedule = make_schedule(project, "Work.", "23:00")
    put(machine, schedule)
    once = everything(machine.home)
    put(machine, schedule)
    assert everything(machine.home) == once


@pytest.mark.parametrize("failing", ["daemon-reload", "enable"])
def test_what_systemd_refuses_leaves_nothing(tmp_path: Path, project: Path, failing: str) -> None:
    machine = machine_with(tmp_path, "systemctl")
    before = everything(machine.home)
    version = {"--property=Version": (0, "Version=252\n", "")}
    machine.script({**version, failing: (1, "", "Failed to do it: \x1b[31mno\n")})
    with pytest.raises(OvernightError, match=r"not installed: .*Failed to do it: .*no") as error:
        put(machine, make_schedule(project, "Work.", "23:00"))
    assert "\x1b" not in str(error.value)
    assert everything(machine.home) == before


def test_a_systemd_that_hangs_is_not_waited_for(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "_SECONDS", 0.3)
    machine = machine_with(tmp_path, "systemctl")
    machine.script({"--property=Version": ("hang", "", "")})
    with pytest.raises(RefusedError, match=r"gave no answer .* no crontab"):
        put(machine, make_schedule(project, "Work.", "23:00"))


def test_an_old_systemd_gets_no_restart(tmp_path: Path, project: Path) -> None:
    machine = machine_with(tmp_path, "systemctl")
    machine.script({"--property=Version": (0, "Version=239\n", "")})
    schedule = make_schedule(project, "Work.", "23:00")
    put(machine, schedule)
    assert "\nRestart=" not in (machine.units / f"{schedule.name}.service").read_text()


def test_a_unit_of_somebody_else_is_left_alone(tmp_path: Path, project: Path) -> None:
    machine = machine_with(tmp_path, "systemctl")
    schedule = make_schedule(project, "Work.", "23:00")
    machine.units.mkdir(parents=True)
    (machine.units / f"{schedule.name}.timer").write_text("[Timer]\n")
    before = everything(machine.home)
    with pytest.raises(RefusedError, match="was not written by this program"):
        put(machine, schedule)
    assert everything(machine.home) == before


def test_a_night_that_could_not_start_is_not_installed(tmp_path: Path, project: Path) -> None:
    machine = machine_with(tmp_path, "systemctl", logged_in=False)
    schedule = make_schedule(project, "Work.", "23:00")
    with pytest.raises(RefusedError, match="not logged in"):
        put(machine, schedule)
    machine.environ["ANTHROPIC_API_KEY"] = "sk-ant-" + "x" * 40
    with pytest.raises(RefusedError, match=r"ANTHROPIC_API_KEY: secret.*overnight-tui/environment"):
        put(machine, schedule)
    file = machine.around(project).secrets_file
    file.parent.mkdir(parents=True)
    file.write_text("ANTHROPIC_API_KEY=sk-ant-xyz\n")
    put(machine, schedule)
    (machine.bin / "claude").unlink()
    with pytest.raises(RefusedError, match="was not found on PATH"):
        put(machine, make_schedule(project, "Work.", "22:00"))
    with pytest.raises(RefusedError, match="no git repository"):
        put(machine, make_schedule(tmp_path, "Work.", "22:00"))


@pytest.mark.parametrize(
    "before", ["", "0 1 * * * echo mine\n", "SHELL=/usr/bin/fish\n# é\n5 5 * * 1 backup 50\\%\n"]
)
def test_without_systemd_it_goes_into_the_crontab_and_out_again(
    tmp_path: Path, project: Path, before: str
) -> None:
    machine = machine_with(tmp_path, "crontab")
    if before:
        machine.crontab.write_text(before)
    schedule = make_schedule(project, "100% of it's work", "23:00", "mon-fri")
    told = put(machine, schedule)
    assert "no systemctl" in told[0]
    text = machine.crontab.read_text()
    assert text.startswith(before)
    (line,) = [one for one in text.splitlines() if one.startswith("0 23 * * 1-5  ")]
    assert ("/bin/sh -c" in line.split("  ", 1)[1][:12]) == ("fish" in before)
    assert [one.place for one in install.installed(machine.environ, project)] == ["cron"]
    put(machine, schedule)
    assert machine.crontab.read_text() == text
    other = make_schedule(project, "other", "22:00")
    put(machine, other)
    install.remove(machine.environ, project, schedule.goal, None)
    assert schedule.goal not in machine.crontab.read_text()
    install.remove(machine.environ, project, None, None)
    assert (machine.crontab.read_text() if machine.crontab.exists() else "") == before


def test_lines_that_were_edited_are_left_to_the_person(tmp_path: Path, project: Path) -> None:
    machine = machine_with(tmp_path, "crontab")
    schedule = make_schedule(project, "Work.", "23:00")
    put(machine, schedule)
    text = machine.crontab.read_text().replace("# overnight-tui end", "# mine now")
    machine.crontab.write_text(text)
    with pytest.raises(RefusedError, match="crontab -e"):
        install.remove(machine.environ, project, None, None)
    assert machine.crontab.read_text() == text


def test_a_line_that_cron_would_cut_is_refused(tmp_path: Path, project: Path) -> None:
    machine = machine_with(tmp_path, "crontab")
    with pytest.raises(RefusedError, match="more than 990 bytes"):
        put(machine, make_schedule(project, "Work. " * 200, "23:00"))
    assert not machine.crontab.exists()


def test_the_listing_tells_what_is_to_come_and_what_was(tmp_path: Path, project: Path) -> None:
    machine = machine_with(tmp_path, "systemctl")
    assert "no schedule is installed" in install.listing(machine.environ, project)[0]
    schedule = make_schedule(project, "Work.", "23:00")
    put(machine, schedule)
    next_one = "NextElapseUSecRealtime=Tue 2026-12-01 23:00:00 UTC\nLastTriggerUSec=\n"
    machine.script(
        {"--property=Version": (0, "Version=252\n", ""), "show overnight": (0, next_one, "")}
    )
    record_start(project, PastStart(1_795_000_000.0, schedule.name, text="no login"))
    record_start(project, PastStart(1_795_090_000.0, schedule.name, run="/runs/20261120-230000"))
    lines = install.listing(machine.environ, project)
    assert lines[0] == f"{schedule.name}  23:00 every day  systemd  Tue 2026-12-01 23:00:00 UTC"
    assert lines[2].endswith("20261120-230000  has not ended")
    assert lines[3].endswith("did not start: no login")
