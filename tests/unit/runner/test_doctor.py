"""The check before going to bed: each thing that would spoil a night is found, and nothing changed."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.command_line import run
from tui.commands.observe.doctor import lines_of
from tui.control.hooks import installer
from tui.demo.story.repository import create
from tui.runner.doctor import checks, examine, machine
from tui.runner.doctor.checks import CheckResult
from tui.runner.doctor.examine import Examination
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory, make_project_state, project_state
from tui.store.runs import RunFacts, create_run
from tui.system.format import format_size_binary
from tui.system.locks import acquire_lock

NOW = 1_800_000_000.0


class Bed:
    """A project that is ready for the night, and the machine around it."""

    def __init__(self, base: Path) -> None:
        self.project = create(base / "project")
        self.base = base
        tools = base / "bin"
        tools.mkdir()
        self.claude("2.1.197 (Claude Code)")
        for key, value in (("user.name", "A"), ("user.email", "a@example.org")):
            subprocess.run(["git", "config", key, value], cwd=self.project, check=True)
        (tools / "systemd-inhibit").write_text("#!/bin/sh\n")
        (tools / "systemd-inhibit").chmod(0o755)
        self.environ = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": str(base),
            "XDG_STATE_HOME": os.environ["XDG_STATE_HOME"],
            "ANTHROPIC_API_KEY": "sk-of-some-believable-length",
            "TMUX_TMPDIR": str(base),
        }
        self.configure("notifications: {urls: ['https://hooks.example.invalid/x']}")

    def claude(self, says: str, code: int = 0) -> None:
        path = self.base / "bin" / "claude"
        path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
        path.chmod(0o755)

    def configure(self, text: str) -> None:
        """Replaces the person's own settings file."""
        path = self.base / ".config/overnight-tui/config.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")

    def commit(self) -> None:
        words = ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x", "--allow-empty")
        for command in (("add", "-A"), words):
            subprocess.run(["git", *command], cwd=self.project, check=True)

    def run(self, name: str = "r") -> RunDirectory:
        facts = RunFacts(name, "goal", str(self.project), NOW, ("claude",))
        return create_run(self.project, facts, Settings(), self.environ)

    def checks(self, *, notify: bool = False) -> dict[str, CheckResult]:
        examination = Examination(self.project, self.environ, NOW)
        return {one.name: one for one in examination.checks(notify=notify)}


@pytest.fixture
def bed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bed:
    monkeypatch.setattr(examine, "_POWER", tmp_path / "power")
    return Bed(tmp_path)


def everything(folder: Path) -> set[str]:
    """All there is, but for the empty place that checkpoints have inside `.git`."""
    return {str(path) for path in folder.rglob("*") if ".git/overnight" not in str(path)}


def test_a_project_that_is_ready_is_ready(bed: Bed) -> None:
    before = everything(bed.project)
    found = bed.checks()
    assert [one for one in found.values() if one.state != "ok"] == []
    assert everything(bed.project) == before


def usage(status: str, hours: float) -> Callable[[Bed], None]:
    def heard(bed: Bed) -> None:
        info = {"status": status, "resetsAt": int(NOW + hours * 3600), "rateLimitType": "five_hour"}
        line = {"type": "rate_limit_event", "rate_limit_info": info, "uuid": "u", "session_id": "s"}
        other = {"type": "system", "subtype": "status", "uuid": "v", "session_id": "s"}
        run = bed.run()
        run.stream.write_text(f"{json.dumps(line)}\n{json.dumps(other)}\n")
        (run.path / "ended.json").write_text('{"reason": "limit", "code": 0, "at": 1}')

    return heard


def locked(bed: Bed) -> None:
    path = bed.project / ".git/index.lock"
    path.touch()
    os.utime(path, (time.time() - 7200,) * 2)


def at_work(bed: Bed) -> None:
    (bed.project / ".git/index.lock").touch()


def git_config(*words: str) -> Callable[[Bed], None]:
    def change(bed: Bed) -> None:
        subprocess.run(["git", "config", *words], cwd=bed.project, check=True)

    return change


def detached(bed: Bed) -> None:
    subprocess.run(["git", "checkout", "-q", "--detach"], cwd=bed.project, check=True)


def no_author(bed: Bed) -> None:
    for key in ("user.name", "user.email"):
        subprocess.run(["git", "config", "--unset", key], cwd=bed.project, check=True)


def unit(path: str) -> Callable[[Bed], None]:
    def install(bed: Bed) -> None:
        folder = bed.base / ".config/systemd/user"
        folder.mkdir(parents=True)
        lines = [
            "[Service]",
            f"WorkingDirectory={bed.project}",
            path.replace("BIN", f"{bed.base}/bin"),
        ]
        text = "\n".join([*lines, "ExecStart=overnight-tui run x"])
        (folder / "overnight-p.service").write_text(text)
        (folder / "other.service").write_text("[Service]\nWorkingDirectory=/\nExecStart=overnight")

    return install


def dirty(bed: Bed) -> None:
    (bed.project / "README.md").write_text("not committed\n")


def merging(bed: Bed) -> None:
    (bed.project / ".git" / "MERGE_HEAD").write_text("0" * 40 + "\n")


def big_file(bed: Bed) -> None:
    with (bed.project / "big.bin").open("wb") as file:
        file.truncate(26 << 20)


def no_tasks(bed: Bed) -> None:
    (bed.project / "claude-progress.txt").unlink()
    bed.commit()


def linked_log(bed: Bed) -> None:
    (bed.project / "logs").symlink_to(bed.base)


def linked_twice(bed: Bed) -> None:
    os.link(bed.project / "claude-progress.txt", bed.base / "copy")


def linked_progress(bed: Bed) -> None:
    path = bed.project / "claude-progress.txt"
    path.rename(bed.base / "progress")
    path.symlink_to(bed.base / "progress")
    bed.commit()


def all_done(bed: Bed) -> None:
    (bed.project / "claude-progress.txt").write_text("# Progress\n- [x] one\n- [x] two\n")
    bed.commit()


def foreign_folder(bed: Bed) -> None:
    place = project_state(bed.project, bed.environ)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(bed.base)


def open_folder(bed: Bed) -> None:
    make_project_state(bed.project, bed.environ).chmod(0o755)


def battery(bed: Bed) -> None:
    mains = bed.base / "power" / "AC"
    mains.mkdir(parents=True)
    (mains / "type").write_text("Mains\n")
    (mains / "online").write_text("0\n")


def unwatched(bed: Bed) -> None:
    bed.run()


def stale_hooks(bed: Bed) -> None:
    installer.install(bed.project)
    path = bed.project / ".claude" / "settings.json"
    found = list((bed.project / ".claude").glob("settings*.json"))
    path = found[0]
    path.write_text(path.read_text().replace("/overnight-tui hook", "/elsewhere hook"))
    path.write_text(path.read_text().replace("-m tui hook", "-m elsewhere hook"))


def login(environ: dict[str, str | None]) -> Callable[[Bed], None]:
    def change(bed: Bed) -> None:
        for name, value in environ.items():
            bed.environ.pop(name, None)
            if value is not None:
                bed.environ[name] = value

    return change


def expired(bed: Bed) -> None:
    login({"ANTHROPIC_API_KEY": None})(bed)
    (bed.base / ".claude").mkdir()
    facts = {"claudeAiOauth": {"expiresAt": (time.time() - 60) * 1000}}
    (bed.base / ".claude" / ".credentials.json").write_text(json.dumps(facts))


def configured(text: str) -> Callable[[Bed], None]:
    return lambda bed: bed.configure(text)


def own_rules(**rules: list[str]) -> Callable[[Bed], None]:
    """Rules in the person's own settings of Claude Code."""

    def change(bed: Bed) -> None:
        (bed.base / ".claude").mkdir(exist_ok=True)
        (bed.base / ".claude/settings.json").write_text(json.dumps({"permissions": rules}))

    return change


def sandboxed(bed: Bed) -> None:
    """A sandbox is asked for where no program makes one."""
    bed.configure("agent: {sandbox: on}")
    bed.environ["PATH"] = str(bed.base / "nothing")


def says(version: str, code: int = 0) -> Callable[[Bed], None]:
    return lambda bed: bed.claude(version, code)


TROUBLES = [
    ("settings", "fail", configured("budget: {max_cost_usd: many}"), "max_cost_usd"),
    ("git", "warn", dirty, "README.md"),
    ("git", "warn", merging, "merge"),
    ("commits", "fail", locked, "index.lock is 2 h"),
    ("commits", "warn", at_work, "a git is at work"),
    ("commits", "warn", detached, "HEAD is detached"),
    ("commits", "warn", no_author, "no name and no email"),
    ("commits", "warn", git_config("commit.gpgsign", "true"), "signed"),
    ("unit", "fail", unit(""), "overnight-p.service would not find claude"),
    ("unit", "fail", unit('Environment="A=b" "PATH=/bin"'), "its PATH is /bin"),
    ("unit", "ok", unit('Environment="PATH=/bin:BIN"'), "finds claude"),
    ("unit", "ok", unit("Environment=PATH=BIN"), "finds claude"),
    ("checkpoint", "warn", big_file, "possible"),
    ("tasks", "warn", no_tasks, "no tasks"),
    ("tasks", "warn", all_done, "0 open"),
    ("tasks", "warn", linked_progress, "no tasks"),
    ("files", "warn", linked_log, "watchdog.log leads out of the project"),
    ("files", "warn", linked_log, "and 3 more"),
    ("files", "warn", linked_progress, "claude-progress.txt leads out"),
    ("files", "warn", linked_twice, "claude-progress.txt has other names"),
    ("run folder", "fail", foreign_folder, "symbolic link"),
    ("run folder", "warn", open_folder, "others"),
    ("agent", "fail", login({"PATH": "/nowhere"}), "not found"),
    ("agent", "fail", says("1.0.2"), "too old"),
    ("agent", "fail", says("", 1), "failed"),
    ("login", "fail", login({"ANTHROPIC_API_KEY": None}), "not logged in"),
    ("login", "fail", login({"ANTHROPIC_API_KEY": "sk-of-some-length-here\n"}), "blanks"),
    ("login", "warn", login({"ANTHROPIC_API_KEY": "short"}), "too short"),
    ("login", "fail", expired, "expired"),
    ("permission", "warn", configured("agent: {permission_mode: default}"), "default"),
    ("permission", "warn", configured("agent: {permission_mode: dontAsk}"), "git commit"),
    ("permission", "warn", configured("agent: {permissions: edits}"), "will be refused"),
    ("permission", "warn", configured("agent: {permissions: ask}"), "will be refused"),
    ("permission", "warn", own_rules(ask=["Bash(git commit:*)"]), "git commit"),
    ("permission", "warn", own_rules(deny=["Bash(git add:*)"]), "git commit"),
    ("sandbox", "warn", sandboxed, "without its sandbox"),
    ("permission", "fail", configured("agent: {permission_mode: plan}"), "plan"),
    (
        "permission",
        "warn",
        configured('agent: {skip_permissions: "yes, run without permission prompts"}'),
        "anything",
    ),
    ("hooks", "warn", stale_hooks, "version"),
    ("watchdog", "fail", unwatched, "unwatched"),
    ("limits", "warn", configured("session: {max_runtime_hours: null}"), "no end"),
    ("limits", "warn", configured("budget: {max_cost_usd: null}"), "no budget"),
    ("usage limit", "warn", usage("rejected", 3), "five hour resets"),
    ("usage limit", "fail", usage("rejected", 7), "five hour resets"),
    ("recovery", "warn", configured("recovery: {auto_resume: false}"), "crash"),
    ("notices", "warn", configured("{}"), "nobody"),
    (
        "notices",
        "fail",
        configured("notifications: {discord_webhook: 'https://example.invalid/none'}"),
        "discord",
    ),
    ("sleep", "warn", configured("session: {inhibit_sleep: false}"), "inhibit_sleep"),
    ("sleep", "warn", battery, "battery"),
]


@pytest.mark.parametrize(
    ("name", "state", "spoil", "words"), TROUBLES, ids=[f"{one[0]}: {one[3]}" for one in TROUBLES]
)
def test_what_would_spoil_the_night_is_found(
    bed: Bed, name: str, state: str, spoil: Callable[[Bed], None], words: str
) -> None:
    spoil(bed)
    found = bed.checks()[name]
    assert found.state == state, found
    assert words in found.text
    if name not in ("agent", "settings", "checkpoint"):
        assert found.advice or found.state == "ok"


def test_no_repository_is_no_night(bed: Bed, tmp_path: Path) -> None:
    bed.project = tmp_path / "plain"
    bed.project.mkdir()
    found = bed.checks()["git"]
    assert (found.state, "git init" in found.advice) == ("fail", True)


def test_a_watched_run_is_watched(bed: Bed) -> None:
    run = bed.run()
    lock = acquire_lock(run.lock)
    assert lock is not None
    try:
        found = bed.checks()["watchdog"]
    finally:
        os.close(lock)
    assert (found.state, found.text) == ("ok", "watches run r")


def test_a_reset_within_the_night_is_no_trouble(bed: Bed) -> None:
    usage("allowed", 3)(bed)
    assert bed.checks()["usage limit"].state == "ok"
    usage("rejected", -1)(bed)
    assert bed.checks()["usage limit"].state == "ok"


def test_a_full_disk_is_no_place_for_a_night(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, state in ((100 << 20, "fail"), (2 << 30, "warn"), (50 << 30, "ok")):
        facts = type("Usage", (), {"free": free})()
        monkeypatch.setattr(machine.shutil, "disk_usage", lambda path, facts=facts: facts)  # type: ignore[attr-defined]
        assert bed.checks()["disk"].state == state


def test_a_run_folder_that_cannot_be_written(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(place: Path) -> None:
        raise PermissionError(13, "Permission denied", str(place))

    monkeypatch.setattr(checks, "_try_pipe", refuse)
    found = bed.checks()["run folder"]
    assert (found.state, "Permission denied" in found.text) == ("fail", True)


def test_a_test_message_goes_to_every_channel_and_names_no_address(bed: Bed) -> None:
    secret = "https://discord.com/api/webhooks/1/very-secret-token"
    bed.configure(
        "notifications: {timeout_seconds: 1, urls: ['http://127.0.0.1:9/secret-path', "
        f"'{secret}']}}"
    )
    bed.environ["http_proxy"] = bed.environ["https_proxy"] = "http://127.0.0.1:9"
    examination = Examination(bed.project, bed.environ, NOW)
    sent = [one for one in examination.checks(notify=True) if one.name == "test message"]
    assert [one.state for one in sent] == ["fail", "fail"]
    shown = " ".join(one.text + one.advice for one in sent)
    assert "secret" not in shown


def test_a_test_message_that_fails_takes_no_finding_with_it(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(97, "Address family not supported by protocol")

    bed.configure("notifications: {urls: ['http://127.0.0.1:9/hook']}")
    monkeypatch.setattr("tui.runner.notify.http_services.send", refuse)
    found = bed.checks(notify=True)
    assert len(found) > 5
    assert found["test message"].state == "fail"
    assert "Address family" in found["test message"].text


def test_a_test_message_arrives(bed: Bed) -> None:
    heard: list[dict[str, object]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Hook)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        bed.configure(f"notifications: {{urls: ['http://127.0.0.1:{server.server_port}/hook']}}")
        found = bed.checks(notify=True)["test message"]
    finally:
        server.shutdown()
        server.server_close()
    assert (found.state, found.text) == ("ok", "webhook: sent")
    assert [one["event"] for one in heard] == ["test message"]
    assert "This is a test" in str(heard[0]["text"])


@pytest.mark.parametrize(
    ("count", "words"),
    [(5, "5 B"), (2048, "2.0 KiB"), (600 << 20, "600 MiB"), (9e15, "8381903 GiB")],
)
def test_sizes_in_words(count: float, words: str) -> None:
    assert format_size_binary(count) == words


# --- the command ---


def test_the_command_prints_lines_and_says_no(bed: Bed) -> None:
    env = {**bed.environ, "COLUMNS": "80"}
    done = run("doctor", str(bed.project), home=bed.base, cwd=bed.base, env=env)
    assert (done.code, done.err) == (0, "")
    lines = done.out.decode().splitlines()
    assert lines[-1].startswith("Good night")
    assert len(lines) <= 22
    assert max(map(len, lines)) < 80
    dirty(bed)
    unwatched(bed)
    done = run("doctor", str(bed.project), home=bed.base, cwd=bed.base, env=env)
    assert done.code == 1
    assert done.out.decode().splitlines()[-1] == "Not yet: 1 in the way, 1 to check."
    assert max(map(len, done.out.decode().splitlines())) < 80


def test_its_lines_fit_a_phone(bed: Bed) -> None:
    dirty(bed)
    env = {**bed.environ, "COLUMNS": "40"}
    done = run("doctor", str(bed.project), home=bed.base, cwd=bed.base, env=env)
    assert max(map(len, done.out.decode().splitlines())) < 40


def test_the_command_speaks_json(bed: Bed) -> None:
    env = {**bed.environ, "PATH": "/usr/bin:/bin"}
    done = run(
        "doctor", "--json", "--project", str(bed.project), home=bed.base, cwd=bed.base, env=env
    )
    facts = json.loads(done.out)
    assert done.code == 1
    assert set(facts) == {"schema", "project", "ok", "checks", "permissions", "forecast"}
    assert facts["ok"] is False
    assert all(set(one) == {"name", "state", "text", "advice"} for one in facts["checks"])
    assert facts["forecast"]["cost_usd"] == 50
    assert facts["permissions"]["preset"] == "standard"
    assert "Bash(git commit:*)" in facts["permissions"]["allow"]
    assert "Bash(git push:*)" in facts["permissions"]["deny"]
    assert {one["name"]: one["state"] for one in facts["checks"]}["agent"] == "fail"


def test_hostile_words_are_shown_and_not_obeyed() -> None:
    lines = lines_of(CheckResult("git", "warn", "\x1b[2Jtext", "do \x07 \x9b2J this"))
    assert not any(char in line for line in lines for char in "\x1b\x07\x9b")
    assert len(lines) == 2


def test_hostile_names_do_nothing_to_the_terminal(bed: Bed) -> None:
    (bed.project / "\x1b]0;owned\x07\x1b[2J.txt").write_text("x\n")
    env = {**bed.environ, "COLUMNS": "80"}
    done = run("doctor", str(bed.project), home=bed.base, cwd=bed.base, env=env)
    assert b"\x1b" not in done.out
    assert b"\x07" not in done.out


def test_the_limits_row_tells_of_budgets_and_of_models_without_a_price(
    tmp_path: Path,
) -> None:
    from tui.runner.doctor.checks import Surroundings
    from tui.runner.doctor.examine import _limits
    from tui.settings.original_sections import BudgetSettings
    from tui.settings.own_sections import AgentSettings
    from tui.settings.settings import Settings
    from tui.store.layout import RunDirectory
    from tui.store.ledgers.spending import RunSpending, SpendingLedger, local_day

    environ, now = {"XDG_STATE_HOME": str(tmp_path)}, 1_764_504_000.0

    def limits_of(kept: Settings) -> tuple[str, str, str]:
        return _limits(Surroundings(tmp_path, kept, environ, now))

    kept = Settings(budget=BudgetSettings(max_cost_usd_per_day=5.0))
    status, text, _ = limits_of(kept)
    assert (status, "$0.00 of $5.00 today" in text) == ("ok", True)
    spent = RunSpending("r", "p", {local_day(now).isoformat(): 6.0})
    run_folder = RunDirectory(tmp_path / "overnight-tui/projects/p/runs/r")
    SpendingLedger(environ).record(run_folder, spent)
    status, _, advice = limits_of(kept)
    assert (status, "wait until" in advice) == ("fail", True)
    status, text, _ = limits_of(Settings(agent=AgentSettings(model="glm-17")))
    assert (status, "no price for glm-17" in text) == ("warn", True)
    for model in ("sonnet", "claude-opus-4-5-20251101", None):
        assert limits_of(Settings(agent=AgentSettings(model=model)))[0] == "ok"
