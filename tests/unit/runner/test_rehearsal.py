"""A rehearsal finds what would spoil the night, and nothing where all is well."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.repositories import sh
from tests.unit.runner.rehearsal_scene import GREEN, Stage, row
from tui.runner.copies.throwaway import sweep_copies
from tui.runner.copies.work_copy import make_copy
from tui.runner.rehearsal.agent_turn import TurnLimits
from tui.runner.rehearsal.plan import plan_rehearsal
from tui.settings.original_sections import BudgetSettings
from tui.settings.own_sections import AgentSettings
from tui.system.git import Git
from tui.system.processes import ProcessIdentity, is_alive


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def plays(**plan: object) -> Callable[[Stage], None]:
    return lambda stage: stage.spoil(**plan)


def script(text: str) -> Callable[[Stage], None]:
    return lambda stage: stage.tests(text)


def hook(name: str, script: str) -> Callable[[Stage], None]:
    return lambda stage: stage.hook(name, script)


def no_identity(stage: Stage) -> None:
    for key in ("user.name", "user.email"):
        sh(stage.project, "config", "--unset", key)
    sh(stage.project, "config", "user.useConfigOnly", "true")


def no_login(stage: Stage) -> None:
    del stage.environ["ANTHROPIC_API_KEY"]


def no_agent(stage: Stage) -> None:
    (stage.base / "bin/claude").unlink()
    stage.environ["PATH"] = "/usr/bin:/bin"


def several_at_once(stage: Stage) -> None:
    stage.agent = AgentSettings(model="claude-opus-9")
    servers = [{"name": "db", "status": "failed"}, {"name": "ok", "status": "connected"}]
    stage.spoil(model="claude-haiku-1", hook="error", servers=servers)
    stage.tests(RED)


def signed(stage: Stage) -> None:
    stage.environ["GNUPGHOME"] = str(stage.base / "none")
    sh(stage.project, "config", "commit.gpgsign", "true")


def missing_model(stage: Stage) -> None:
    stage.agent = AgentSettings(model="claude-nope")
    stage.spoil(fails=["API Error: 404 model: claude-nope", 404])


def endless(stage: Stage) -> None:
    stage.limits = TurnLimits(seconds=1.5, first_word=10.0, leaving=0.5)
    stage.tests("sleep 600\n")


def silent(stage: Stage) -> None:
    stage.limits = TurnLimits(seconds=20.0, first_word=0.6, leaving=0.5)
    stage.spoil(hangs="start")
    folder = stage.home / ".claude"
    folder.mkdir()
    (folder / "settings.json").write_text('{"hooks": {"SessionStart": [{"hooks": []}]}}')


def hanging_hook(stage: Stage) -> None:
    stage.limits = TurnLimits(seconds=20.0, first_word=0.6, leaving=0.5)
    hook = {"hook_name": "SessionStart:startup", "hook_event": "SessionStart"}
    end = {"type": "system", "subtype": "hook_response", "outcome": "cancelled", **hook}
    stage.spoil(hangs="hook", last_words=[end])


def silent_model(stage: Stage) -> None:
    stage.limits = TurnLimits(seconds=20.0, first_word=10.0, first_answer=0.3, leaving=0.5)
    stage.spoil(hangs="model")


def hanging_tool_hook(stage: Stage) -> None:
    stage.limits = TurnLimits(seconds=0.8, first_word=10.0, leaving=0.5)
    stage.spoil(tool_hook=True, hangs="Bash")


def wrong_proxy(stage: Stage) -> None:
    stage.environ["http_proxy"] = "http://127.0.0.1:9"
    stage.spoil(retries=[0, 10])


def hooks_elsewhere(stage: Stage) -> None:
    folder = stage.project / ".githooks"
    folder.mkdir()
    (folder / "pre-commit").write_text("#!/bin/sh\necho 'no commits at night'\nexit 1\n")
    (folder / "pre-commit").chmod(0o755)
    sh(stage.project, "add", "-A")
    sh(stage.project, "commit", "-qm", "hooks")
    sh(stage.project, "config", "core.hooksPath", ".githooks")


BAD_KEY = "Invalid API key · Please run /login"
RED = "echo '== 1 failed, 2 passed in 0.1s =='; exit 1\n"
ON_MAIN = '[ "$(git symbolic-ref --short HEAD)" != main ] || { echo "main is protected"; exit 1; }'
Row = tuple[str, str, str]
UNKNOWN = ("rehearsal", "warn", "no model answered")
NO_WAY = ("network", "fail", "127.0.0.1 cannot be reached: Connection refused")
"""No host is there in these tests, which is said where no model answered."""


def api(state: str, words: str) -> list[Row]:
    return [UNKNOWN, ("api", state, words), NO_WAY]


def start(words: str) -> list[Row]:
    return [UNKNOWN, ("start", "fail", words), NO_WAY]


SPOILERS: dict[str, tuple[Callable[[Stage], None], list[Row]]] = {
    "refused login": (plays(retries=[401, 10]), api("fail", "login failed (401)")),
    "login refused at once": (plays(fails=[BAD_KEY, 401]), api("fail", "login failed (401)")),
    "no login": (no_login, [("rehearsal", "warn", "Claude Code is not logged in"), NO_WAY]),
    "no credit": (plays(fails=["Credit balance is too low", 400]), api("fail", "no credit left")),
    "missing model": (missing_model, api("fail", "the model claude-nope is not available (404)")),
    "silent model": (silent_model, api("fail", "the agent does not say why")),
    "overloaded": (plays(retries=[529, 10]), api("warn", "API overloaded (529)")),
    "no network": (plays(retries=[0, 10]), api("fail", "connection failed")),
    "wrong proxy": (
        wrong_proxy,
        [UNKNOWN, ("api", "fail", "connection"), ("network", "fail", "proxy 127.0.0.1")],
    ),
    "no agent": (no_agent, [("rehearsal", "warn", "claude was not found on PATH"), NO_WAY]),
    "agent ends": (
        plays(exits=[3, "out of cheese"]),
        start("exit code 3 before its turn was over: out"),
    ),
    "silent start": (silent, start("SessionStart hook of ~/.claude/settings.json")),
    "hanging hook": (hanging_hook, start("a hook hangs: SessionStart:startup")),
    "hanging hook of a tool": (
        hanging_tool_hook,
        [
            ("rehearsal", "warn", "did not come to its end"),
            ("start", "fail", "a hook hangs: PreToolUse:Bash"),
            ("test command", "warn", "the agent itself did not run it"),
            ("edit", "warn", "wrote no file"),
            ("commit", "warn", "tried no commit"),
        ],
    ),
    "failed hook, dead server, another model, red tests": (
        several_at_once,
        [
            ("start", "warn", "the hook SessionStart:startup failed: hook.sh: no such file"),
            ("start", "warn", "the MCP server db did not start"),
            ("api", "warn", "claude-haiku-1 answers, though agent.model is claude-opus-9"),
            ("test command", "fail", ", 1 of 3 tests"),
        ],
    ),
    "nothing allowed": (
        plays(refuses=["sh run", "git", "Write"]),
        [
            ("refused", "fail", "sh run-tests.sh: nobody is there to allow it"),
            ("refused", "fail", "Write: nobody is there"),
            ("refused", "fail", "'Bash(git add:*)', 'Bash(git commit:*)' to agent.allowed_tools"),
            ("edit", "fail", "may not write files"),
            ("commit", "fail", "the agent may not commit; git itself can"),
        ],
    ),
    "no identity": (no_identity, [("commit", "fail", "no name for the author")]),
    "signed commits": (signed, [("commit", "fail", "must be signed")]),
    "protected branch": (hook("pre-commit", ON_MAIN), [("commit", "fail", "main is protected")]),
    "strict message": (
        hook("commit-msg", "echo 'no ticket' >&2; exit 1"),
        [("commit", "fail", "a hook of the repository refused it: no ticket")],
    ),
    "hooks elsewhere": (hooks_elsewhere, [("commit", "fail", "no commits at night")]),
    "broken tests": (
        script("nosuchprogram --all\n"),
        [("test command", "fail", "sh run-tests.sh cannot be started")],
    ),
    "endless tests": (
        endless,
        [
            ("rehearsal", "warn", "did not come to its end"),
            ("test command", "fail", "sh run-tests.sh did not end within"),
            ("edit", "warn", "wrote no file"),
            ("commit", "warn", "tried no commit"),
        ],
    ),
}


@pytest.mark.parametrize("name", SPOILERS)
def test_a_spoiler_is_found_and_nothing_else(stage: Stage, name: str) -> None:
    spoil, rows = SPOILERS[name]
    spoil(stage)
    before = stage.litter()
    found = [one for one in stage.rehearse() if one.state != "ok"]
    assert [one.name for one in found] == [one[0] for one in rows], found
    for result, (_, state, words) in zip(found, rows, strict=True):
        assert (result.state, words in f"{result.text} {result.advice}") == (state, True), result
    assert stage.litter() == before


def test_a_good_night_has_no_finding(stage: Stage) -> None:
    before = sh(stage.project, "rev-parse", "HEAD"), sh(stage.project, "status", "--porcelain")
    found = stage.rehearse()
    assert [one for one in found if one.state != "ok"] == []
    assert row(found, "rehearsal").text.endswith("for $0.02")
    assert row(found, "test command").text.endswith(", 3 tests")
    assert row(found, "commit", "the agent's commit stands")
    assert (
        sh(stage.project, "rev-parse", "HEAD"),
        sh(stage.project, "status", "--porcelain"),
    ) == before
    assert sh(stage.project, "worktree", "list").count("\n") == 0
    assert sh(stage.project, "branch", "--list").split() == ["*", "main"]
    assert stage.litter() == []
    assert all(str(stage.project) not in one for one in stage.starts())


@pytest.mark.parametrize(
    "state", ["detached", "subfolder", "staged", "untracked", "submodule", "worktree"]
)
def test_a_repository_in_any_state_is_rehearsed_in(stage: Stage, state: str) -> None:
    project = stage.project
    if state == "detached":
        sh(project, "checkout", "-q", "--detach")
    elif state == "subfolder":
        (project / "sub").mkdir()
        (project / "run-tests.sh").rename(project / "sub/run-tests.sh")
        sh(project, "add", "-A")
        sh(project, "commit", "-qm", "moved")
        stage.project = project / "sub"
    elif state == "staged":
        (project / "a.txt").write_text("two\n")
        sh(project, "add", "a.txt")
    elif state == "untracked":
        stage.tests(f"test -e needed.txt && test -e ignored/lib && {GREEN}")
        (project / "ignored").mkdir()
        for name in ("needed.txt", "ignored/lib"):
            (project / name).write_text("x\n")
    elif state == "submodule":
        sh(
            project,
            "-c",
            "protocol.file.allow=always",
            "submodule",
            "add",
            "-q",
            str(project),
            "inner",
        )
        sh(project, "commit", "-qm", "submodule")
    else:
        sh(project, "worktree", "add", "-q", "-b", "other", str(stage.base / "other"))
        stage.project = stage.base / "other"
    before = sh(stage.project, "status", "--porcelain"), sh(stage.project, "for-each-ref")
    found = stage.rehearse()
    assert [one for one in found if one.state != "ok"] == []
    assert (sh(stage.project, "status", "--porcelain"), sh(stage.project, "for-each-ref")) == before


def test_what_the_model_leaves_out_is_said_and_no_refusal(stage: Stage) -> None:
    stage.spoil(skips=[1, 2, 3])
    found = stage.rehearse()
    assert {one.state for one in found} == {"ok", "warn"}
    assert row(found, "test command", "the agent itself did not run it").state == "warn"
    assert row(found, "commit", "the agent tried no commit").state == "warn"
    assert row(found, "edit", "wrote no file").state == "warn"


def test_an_older_version_is_asked_for_no_events_of_hooks(stage: Stage) -> None:
    stage.spoil(unknown="--include-hook-events")
    assert [one for one in stage.rehearse() if one.state != "ok"] == []
    assert len(stage.starts()) == 2


def test_without_a_model_the_rest_is_rehearsed(stage: Stage) -> None:
    no_login(stage)
    found = stage.rehearse()
    assert stage.starts() == []
    assert row(found, "test command").state == "ok"
    assert row(found, "commit", "made without the agent").state == "ok"


def test_git_does_not_leave_the_copy_whatever_the_environment_says(stage: Stage) -> None:
    head = sh(stage.project, "rev-parse", "HEAD")
    stage.environ |= {
        "GIT_DIR": str(stage.project / ".git"),
        "GIT_WORK_TREE": str(stage.project),
        "GIT_INDEX_FILE": str(stage.project / ".git/index"),
    }
    assert [one for one in stage.rehearse() if one.state != "ok"] == []
    assert sh(stage.project, "rev-parse", "HEAD") == head
    assert sh(stage.project, "status", "--porcelain") == ""


def test_servers_of_the_project_alone_are_there_too(stage: Stage) -> None:
    known = {"projects": {str(stage.project): {"mcpServers": {"db": {"command": "db"}}}}}
    (stage.home / ".claude.json").write_text(json.dumps(known))
    stage.rehearse()
    assert "--mcp-config" in stage.words()
    stage.agent = AgentSettings(extra_args=("--strict-mcp-config",))
    stage.rehearse()
    assert "--mcp-config" not in stage.words()


def test_its_cost_counts_for_the_budgets_of_all_runs(stage: Stage) -> None:
    stage.budget = BudgetSettings(max_cost_usd_per_day=0.01)
    stage.environ["XDG_STATE_HOME"] = str(stage.base / "state")
    assert row(stage.rehearse(), "rehearsal").state == "ok"
    found = stage.rehearse()
    assert "have cost $0.02 today" in row(found, "rehearsal").text
    assert len(stage.starts()) == 1


def test_a_push_of_a_hook_reaches_no_remote(stage: Stage) -> None:
    remote = stage.base / "remote"
    sh(stage.base, "init", "-q", "--bare", str(remote))
    sh(stage.project, "remote", "add", "origin", str(remote))
    sh(stage.project, "push", "-q", "origin", "main")
    stage.hook("post-commit", "git push -q origin HEAD:main")
    before = sh(remote, "rev-parse", "main")
    stage.rehearse()
    assert sh(remote, "rev-parse", "main") == before


def test_nothing_outlives_it(stage: Stage) -> None:
    """Also not what a test script left in the background, whatever session it went to."""
    pid = stage.base / "pid"
    daemon = f"setsid sh -c 'echo $$ > {pid}; exec sleep 600' >/dev/null 2>&1 &"
    stage.tests(f"{daemon}\nwhile [ ! -s {pid} ]; do :; done\n{GREEN}")
    stage.rehearse()
    assert not is_alive(ProcessIdentity(int(pid.read_text()), 0))


REHEARSE = """
import sys
from pathlib import Path
from tests.unit.runner.rehearsal_scene import TESTS
from tui.runner.rehearsal.plan import plan_rehearsal
from tui.runner.rehearsal.rehearse import rehearse
from tui.settings.original_sections import SessionSettings
from tui.settings.settings import Settings
settings = Settings(session=SessionSettings(baseline_tests=TESTS, inhibit_sleep=False))
list(rehearse(plan_rehearsal(Path(sys.argv[1]), settings)))
"""


def test_one_that_was_killed_is_tidied_up_by_the_next(stage: Stage) -> None:
    pid = stage.base / "pid"
    stage.tests(f"echo $$ > {pid}; exec sleep 600\n")
    root = str(Path(__file__).parents[3])
    words = [sys.executable, "-c", REHEARSE, str(stage.project)]
    environ = {**stage.environ, "PYTHONPATH": root, "XDG_STATE_HOME": str(stage.base / "state")}
    process = subprocess.Popen(words, env=environ, cwd=root)
    deadline = time.monotonic() + 20
    while not (pid.exists() and pid.read_text().strip()):
        assert time.monotonic() < deadline
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    test = ProcessIdentity(int(pid.read_text()), 0)
    assert sh(stage.project, "worktree", "list").count("\n") == 0
    assert sh(stage.project, "status", "--porcelain") == ""
    assert sweep_copies(stage.environ) == 1
    assert stage.litter() == []
    assert not is_alive(test)


def test_a_rehearsal_under_way_is_left_alone(stage: Stage) -> None:
    copy = make_copy(Git(stage.project), stage.project, stage.environ)
    assert sweep_copies(stage.environ) == 0
    assert copy.project.is_dir()
    copy.remove(stage.environ)
    assert stage.litter() == []


def test_the_agents_flags_are_those_of_the_night(stage: Stage) -> None:
    stage.agent = AgentSettings(model="m", allowed_tools=("Bash(make:*)",), max_budget_usd=0.5)
    stage.rehearse()
    words = stage.words()
    assert words[words.index("--model") + 1] == "m"
    assert "Bash(make:*)" in words
    assert words[words.index("--max-budget-usd") + 1] == "0.5"
    inline = json.loads(words[words.index("--settings") + 1])
    assert "Bash(git commit:*)" in inline["permissions"]["allow"]
    assert "PreToolUse" in inline["hooks"]


def test_the_plan_shows_what_will_run(stage: Stage) -> None:
    shown = "\n".join(plan_rehearsal(stage.project, stage.settings).shown)
    assert "sh run-tests.sh   (from session.baseline_tests" in shown
    assert "claude -p " in shown
    assert "standard: " in shown
    assert len(shown) < 2_000
