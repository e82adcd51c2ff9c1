"""What a version of the CLI can do: learned from its turns, tried where that does not tell."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.cli_commands import AgentAbilities
from tui.runner.agent.abilities import learn_abilities, resuming_abilities
from tui.runner.agent.messages import MessageSender, Withdrawals
from tui.runner.agent.turns import TurnTracker
from tui.runner.run_context import RunContext
from tui.runner.run_state import OutgoingMessage, load_state
from tui.settings.settings import Settings
from tui.store.runs import RunFacts, create_run, read_abilities
from tui.system.clock import SystemClock


def context_of(base: Path, agent: str = "claude") -> RunContext:
    (base / "project").mkdir()
    facts = RunFacts("r", "g", str(base / "project"), 0.0, (agent,))
    environ = {"XDG_STATE_HOME": str(base / "state"), "HOME": str(base)}
    folder = create_run(base / "project", facts, Settings(), environ)
    return RunContext.load(folder, SystemClock())


def turns_of(*lines: str) -> TurnTracker:
    turns, decoder = TurnTracker(), ClaudeDecoder("s")
    for line in lines:
        for event in decoder.decode(line.encode(), 0).events:
            turns.apply(event)
    return turns


def init(version: str, capabilities: str = "null") -> str:
    return (
        '{"type":"system","subtype":"init","session_id":"s","model":"m","cwd":"/","permissionMode":"x",'
        f'"claude_code_version":"{version}","capabilities":{capabilities}}}'
    )


@pytest.mark.parametrize(
    ("version", "capabilities", "expected"),
    [
        ("2.0.76", "null", (False, None, None)),
        ("2.1.0", "null", (False, None, True)),
        ("2.1.197", "null", (False, None, True)),
        ("2.1.332", '["interrupt_receipt_v1","msg_lifecycle_v1"]', (True, True, True)),
        ("3.0.0", '"nonsense"', (False, None, True)),
        ("1.9", "[1,2]", (False, None, None)),
        ("strange", "[]", (False, None, None)),
        ("", "[]", (False, None, None)),
    ],
)
def test_what_the_start_of_a_turn_tells(
    tmp_path: Path, version: str, capabilities: str, expected: tuple[bool | None, ...]
) -> None:
    context = context_of(tmp_path)
    learn_abilities(context, turns_of(init(version, capabilities)))
    seen = context.state.abilities
    assert (seen.receipts, seen.withdraws, seen.resumes_at) == expected
    assert load_state(context.folder).abilities == seen
    assert read_abilities(str(context.folder.path)) == seen


def fake(base: Path, body: str) -> str:
    program = base / "agent.py"
    program.write_text(f"#!{sys.executable}\nimport sys, os\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


@pytest.mark.parametrize(
    ("body", "able"),
    [
        ("sys.exit('No message found with message.uuid of: ' + sys.argv[-1])", True),
        ("sys.exit()", False),
        ("sys.exit('error: unknown option')", False),
        ("os.kill(os.getpid(), 9)", False),
    ],
)
def test_an_older_version_is_tried_once(tmp_path: Path, body: str, able: bool) -> None:
    tried = tmp_path / "tried"
    asks = f"open({str(tried)!r}, 'a').write(os.environ['ANTHROPIC_BASE_URL'] + ' '.join(sys.argv))"
    context = context_of(tmp_path, fake(tmp_path, f"{asks}\n{body}"))
    context.state.abilities = AgentAbilities("2.0.76")
    for _ in range(2):
        assert resuming_abilities(context, "SESSION").resumes_at is able
    words = tried.read_text()
    assert words.count("--resume SESSION") == 1
    assert words.startswith("http://127.0.0.1:9")  # no turn of the model is paid for it
    refusal = context.state.abilities.no_resuming_at
    assert bool(refusal) is not able
    assert able or ("2.0.76" in refusal and "2.1" in refusal)


def test_a_version_that_is_known_is_not_tried(tmp_path: Path) -> None:
    context = context_of(tmp_path, str(tmp_path / "not-there"))
    context.state.abilities = AgentAbilities.of("2.1.0", ())
    assert resuming_abilities(context, "s").resumes_at
    context.state.abilities = AgentAbilities()  # it has said nothing yet
    assert resuming_abilities(context, "s").resumes_at is None


# --- messages taken back ---


class Scene:
    """A message on its way, and what the CLI says of it."""

    def __init__(self, base: Path, step: str = "sent") -> None:
        self.context = context_of(base)
        self.turns = TurnTracker()
        self.messages = MessageSender(self.context, self.turns)
        self.message = OutgoingMessage("m1", "words", inject=True, step=step)  # type: ignore[arg-type]
        self.context.state.outgoing.append(self.message)
        self.answers: list[tuple[str, bool, str]] = []
        self.withdrawals = Withdrawals(self.context, self.messages, lambda: self.turns)

    def say(self, *lines: str) -> None:
        decoder = ClaudeDecoder("s")
        for line in lines:
            for event in decoder.decode(line.encode(), 0).events:
                self.turns.apply(event)
        self.withdrawals.follow(lambda *answer: self.answers.append(answer))


def answered(cancelled: str, subtype: str = "success") -> str:
    return (
        f'{{"type":"control_response","response":{{"subtype":"{subtype}","request_id":"withdraw-m1",'
        f'"response":{cancelled}}}}}'
    )


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    scene = Scene(tmp_path)
    monkeypatch.setattr(scene.messages, "control", lambda *words, **more: "sent")
    return scene


def test_a_message_that_was_not_sent_is_taken_back_at_once(tmp_path: Path) -> None:
    waiting = Scene(tmp_path, "waiting")
    assert waiting.withdrawals.begin("q", "m1") == "taken back"
    assert waiting.context.state.outgoing == []


@pytest.mark.parametrize(
    ("line", "ok"),
    [
        (answered('{"cancelled":true}'), True),  # 2.1.197 says no more than that
        (answered('{"cancelled":false}'), False),
        (answered("{}", "error"), False),
        (answered('"nonsense"'), False),
        ('{"type":"command_lifecycle","command_uuid":"m1","state":"cancelled"}', True),
    ],
)
def test_the_answer_is_what_the_cli_says(scene: Scene, line: str, ok: bool) -> None:
    assert scene.withdrawals.begin("q", "m1") is None
    scene.say()
    assert scene.answers == []
    scene.say(line)
    assert [(one[0], one[1]) for one in scene.answers] == [("q", ok)]
    scene.messages.deliver()
    assert [one.id for one in scene.context.state.outgoing] == ([] if ok else ["m1"])


def test_a_version_that_does_not_answer_takes_none_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.context.state.abilities = AgentAbilities("2.0.76")
    monkeypatch.setattr("tui.runner.agent.messages._WITHDRAWAL_S", 0.0)
    assert scene.withdrawals.begin("q", "m1") is None
    scene.say()
    assert scene.answers[0][:2] == ("q", False)
    assert "2.0.76 takes no message back" in scene.answers[0][2]
    with pytest.raises(ValueError, match="takes no message back"):
        scene.withdrawals.begin("q2", "m1")
    assert read_abilities(str(scene.context.folder.path)).no_withdrawal


def test_no_such_message(scene: Scene) -> None:
    with pytest.raises(ValueError, match="no such message waits"):
        scene.withdrawals.begin("q", "m2")
