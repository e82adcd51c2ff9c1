"""What stands in a unit and in a line for cron, whatever the goal, the path and the shell hold."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.runner.schedule.stand_in import Machine
from tui.runner.schedule.spec import (
    DAYS,
    Schedule,
    Surroundings,
    day_names,
    make_schedule,
    parse_days,
    read_variables,
    surroundings_of,
)
from tui.runner.schedule.unit_text import (
    cron_lines,
    mark_of,
    printed,
    read_mark,
    start_words,
    unit_files,
)
from tui.system.errors import UsageError
from tui.system.sanitize import has_controls

HOSTILE = (
    'Fix "all" $HOME 100% of it; rm -rf /',
    "it's `date` $(id) ${X} \\ end\\",
    "%h %% %n @ - ; \\x41",
    "naïve ☃ 目標 🦊",
    "--help",
    "a" * 300,
    "  two  spaces  ",
)
PLAIN = Surroundings("/opt/claude/bin:/usr/bin", {}, Path("/c/overnight-tui/environment"))


def schedule_of(goal: str, project: str = "/home/ada/tide bell", *words: str) -> Schedule:
    return make_schedule(Path(project), goal, "7:05", words=words)


def rows(text: str, key: str) -> list[str]:
    return [row.removeprefix(key) for row in text.splitlines() if row.startswith(key)]


def as_systemd_reads(line: str, *, variables: bool = True) -> list[str]:
    """The words of a line as systemd takes them apart: quotes, C escapes, specifiers, variables."""
    words, place = [], 0
    while place < len(line):
        if line[place] == " ":
            place += 1
            continue
        assert line[place] == '"'
        place += 1
        word = ""
        while line[place] != '"':
            if line[place] == "\\":
                place += 1
                assert line[place] in '\\"', "only these are escaped"
            word += line[place]
            place += 1
        place += 1
        assert "%" not in word.replace("%%", "")
        word = word.replace("%%", "%")
        if variables:
            assert "$" not in word.replace("$$", "")
            word = word.replace("$$", "$")
        words.append(word)
    return words


@pytest.mark.parametrize("goal", HOSTILE)
def test_the_goal_arrives_as_it_is(goal: str) -> None:
    schedule = schedule_of(goal, '/home/ada/100% of it\'s "mine"', "--max-cost", "5", "--", "-x $1")
    wanted = start_words(schedule)
    assert wanted[-3:] == [goal if goal[0] != "-" else f" {goal}", "--", "-x $1"]
    files = unit_files(schedule, PLAIN)
    (start,) = rows(files[f"{schedule.name}.service"], "ExecStart=")
    assert as_systemd_reads(start) == wanted
    line = cron_lines(schedule, PLAIN)[0]
    assert "%" not in line.replace("\\%", "")
    command = line.split("  ", 1)[1].replace("\\%", "%")
    before, _, rest = command.partition("; ")
    words = shlex.split(rest.rpartition(" || ")[0])
    assert words == wanted
    assert before.startswith("export PATH=/opt/claude/bin:/usr/bin ")


@given(
    st.text(
        st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Co", "Cn")), min_size=1
    ).filter(lambda goal: bool(goal.strip()) and not has_controls(goal))
)
@settings(max_examples=60, deadline=None)
def test_every_goal_in_one_line_arrives(goal: str) -> None:
    schedule = schedule_of(goal)
    (start,) = rows(unit_files(schedule, PLAIN)[f"{schedule.name}.service"], "ExecStart=")
    assert as_systemd_reads(start) == start_words(schedule)
    script = cron_lines(schedule, PLAIN)[0].split("  ", 1)[1].replace("\\%", "%")
    assert shlex.split(script.partition("; ")[2].rpartition(" || ")[0]) == start_words(schedule)
    assert read_mark(mark_of(schedule)) == schedule


@pytest.mark.parametrize("bad", ["two\nlines", "a\x1b[31m", "tab\there\x00", "\udcff broken", " "])
def test_what_fits_no_line_is_refused(bad: str) -> None:
    with pytest.raises(UsageError):
        schedule_of(bad)
    if bad.strip():
        with pytest.raises(UsageError):
            schedule_of("g", f"/p/{bad}")
        with pytest.raises(UsageError):
            schedule_of("g", "/p", bad)


@pytest.mark.parametrize("at", ["24:00", "noon", "7", "07:60", "", "7:5", "-1:00"])
def test_a_time_that_is_none_is_refused(at: str) -> None:
    with pytest.raises(UsageError, match="no time of day"):
        make_schedule(Path("/p"), "g", at)


@pytest.mark.parametrize(
    ("text", "days", "systemd", "cron"),
    [
        ("", (), "", "*"),
        ("mon-fri", (0, 1, 2, 3, 4), "Mon..Fri", "1-5"),
        ("sat,sun", (5, 6), "Sat,Sun", "6,0"),
        ("Sunday", (6,), "Sun", "0"),
        ("fri-mon", (0, 4, 5, 6), "Mon,Fri..Sun", "1,5,6,0"),
        ("mon, wed-fri", (0, 2, 3, 4), "Mon,Wed..Fri", "1,3,4,5"),
        ("tue..thu", (1, 2, 3), "Tue..Thu", "2-4"),
        ("fri-sun", (4, 5, 6), "Fri..Sun", "5,6,0"),
        ("mon-sun", (), "", "*"),
        ("wed-wed", (2,), "Wed", "3"),
    ],
)
def test_days(text: str, days: tuple[int, ...], systemd: str, cron: str) -> None:
    assert parse_days(text) == days
    assert day_names(days, "..", ",") == systemd
    schedule = make_schedule(Path("/p"), "g", "23:00", text)
    assert cron_lines(schedule, PLAIN)[0].startswith(f"0 23 * * {cron}  ")
    (calendar,) = rows(unit_files(schedule, PLAIN)[f"{schedule.name}.timer"], "OnCalendar=")
    assert calendar == f"{systemd} *-*-* 23:00:00".strip()


@pytest.mark.parametrize("text", ["weekdays", "mo", "mon-", "1-5", "montag", "fri-xxx"])
def test_days_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--on"):
        parse_days(text)


@given(st.sets(st.integers(0, 6), min_size=1, max_size=6))
def test_days_are_read_as_they_are_written(days: set[int]) -> None:
    ordered = tuple(sorted(days))
    assert parse_days(day_names(ordered, "-", ",")) == ordered
    assert parse_days(",".join(DAYS[day] for day in ordered)) == ordered


def test_names_tell_schedules_apart() -> None:
    made = [
        make_schedule(Path(project), goal, at, on, words)
        for project in ("/a/p", "/b/p", "/a/p-x")
        for goal in ("g", "h")
        for at in ("22:00", "23:00")
        for on in (None, "mon-fri")
        for words in ((), ("--model", "x"))
    ]
    names = {one.name for one in made}
    assert len(names) == len(made)
    assert all(name.replace("-", "").replace("_", "").replace(".", "").isalnum() for name in names)
    assert make_schedule(Path("/a/p"), "g", "22:00").name == made[0].name


def test_the_path_of_the_shell_stands_there_without_what_a_repository_could_choose(
    tmp_path: Path,
) -> None:
    project = tmp_path / "p"
    (project / "bin").mkdir(parents=True)
    (tmp_path / "link").symlink_to(project / "bin")
    folders = [
        "/opt/claude",
        "bin",
        "",
        f"{project}/bin",
        f"{tmp_path}/link",
        "/usr/bin",
        "/opt/claude",
    ]
    around = surroundings_of(project, {"PATH": ":".join(folders), "HOME": "/h"})
    assert around.path == "/opt/claude:/usr/bin:/usr/local/bin:/bin"
    schedule = schedule_of("g")
    text = unit_files(schedule, around)[f"{schedule.name}.service"]
    assert f'Environment="PATH={around.path}"' in text


def test_secrets_stand_in_no_unit_and_are_named(tmp_path: Path) -> None:
    key = "sk-ant-api03-" + "abcdefgh" * 8
    environ = {
        "PATH": "/bin",
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": '/a b%"$x',
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CACHE_HOME": "not/absolute",
        "ANTHROPIC_API_KEY": key,
        "DISCORD_WEBHOOK_URL": "https://discord.com/api/webhooks/1/abcdefghijklmnop",
        "HTTPS_PROXY": "http://ada:hunter2hunter2@proxy:3128",
        "http_proxy": "http://proxy:3128",
        "ANTHROPIC_BASE_URL": "https://gateway.example.org",
        "LANG": "de_DE.UTF-8",
    }
    around = surroundings_of(tmp_path, environ)
    assert set(around.withheld) == {"ANTHROPIC_API_KEY", "DISCORD_WEBHOOK_URL", "HTTPS_PROXY"}
    text = printed(schedule_of("g"), around)
    for secret in (key, "hunter2", "webhooks/1"):
        assert secret not in text
    for shown in (
        "http_proxy=http://proxy:3128",
        "LANG=de_DE.UTF-8",
        "https://gateway.example.org",
    ):
        assert shown in text
    assert r'Environment="XDG_STATE_HOME=/a b%%\"$x"' in text
    assert "not/absolute" not in text
    assert f"EnvironmentFile=-{around.secrets_file}" in text
    around.secrets_file.parent.mkdir(parents=True)
    around.secrets_file.write_text(
        f"# keys\nexport ANTHROPIC_API_KEY='{key}'\nHTTPS_PROXY=x\nbad line\n"
    )
    again = surroundings_of(tmp_path, environ)
    assert again.withheld == ("DISCORD_WEBHOOK_URL",)
    assert again.environ(environ)["ANTHROPIC_API_KEY"] == key
    assert f". {around.secrets_file};" in cron_lines(schedule_of("g"), again)[0]


def test_an_environment_file_is_read_as_a_shell_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "environment"
    file.write_text("A=1\nB=\"two words\"\n C=x y\nexport D='q'\n#E=5\n9F=no\nG='open\nH=\n")
    found = read_variables(file)
    assert found == {"A": "1", "B": "two words", "C": "x", "D": "q", "H": ""}
    assert read_variables(tmp_path / "none") == {}


def test_a_start_that_fails_tells_somebody_and_is_tried_again() -> None:
    schedule = schedule_of("g")
    files = unit_files(schedule, PLAIN)
    service = files[f"{schedule.name}.service"]
    assert f"OnFailure={schedule.name}-failed.service" in service
    assert "Restart=on-failure" in service
    assert "RestartPreventExitStatus=2 3 4" in service
    assert "TimeoutStartSec=5min" in service
    assert "KillMode=process" in service
    (failed,) = rows(files[f"{schedule.name}-failed.service"], "ExecStart=")
    assert as_systemd_reads(failed)[-2:] == ["--failed", schedule.name]
    (adopt,) = rows(files[f"{schedule.name}-watch.service"], "ExecStart=")
    assert as_systemd_reads(adopt)[-1] == "--adopt"
    assert "Restart" not in unit_files(schedule, PLAIN, restarts=False)[
        f"{schedule.name}.service"
    ].replace("RestartSec", "").replace("started again", "")
    lines = cron_lines(schedule, PLAIN)
    assert f"|| {shlex.join(as_systemd_reads(failed))}" in lines[0]
    assert lines[1].startswith("@reboot  ")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    project = tmp_path / 'it\'s 100% "mine"'
    project.mkdir()
    for goal, on in zip(HOSTILE, ("", "mon-fri", "sat,sun", "fri-mon", "", "", ""), strict=True):
        schedule = make_schedule(project, goal, "23:00", on, ("--max-cost", "5"))
        around = surroundings_of(project, {**machine.environ, "XDG_CACHE_HOME": '/a b%"$x'})
        machine.units.mkdir(parents=True, exist_ok=True)
        for name, text in unit_files(schedule, around).items():
            (machine.units / name).write_text(text)
    environ = {**machine.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", *map(str, machine.units.iterdir())],
        env={**environ, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.stderr.replace("\n", "") == ""
    assert done.returncode == 0
