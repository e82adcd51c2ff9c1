"""Words put into a running session of the scripted agent that nobody started for that."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent_harness import AgentProcess, Workplace
from tests.unit.repositories import demonstration
from tui.control.channels import channels
from tui.control.channels.channels import DeliveryReceipt
from tui.control.channels.mailbox import Mailbox
from tui.control.hooks import installer, status
from tui.feeds.sessions.live_processes import AgentProcessReader
from tui.model.session import AgentProcess as SessionProcess
from tui.system.clock import SystemClock
from tui.system.errors import RefusedError

GATED = "[[story:long_tool gate=go]]"
DEADLINE = 30.0


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workplace]:
    workplace = Workplace(tmp_path)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(workplace.config))
    demonstration(workplace.repository)
    yield workplace
    workplace.tidy()


def found(place: Workplace, agent: AgentProcess) -> SessionProcess:
    """The agent as it is found by its own session file."""
    agents = AgentProcessReader(place.repository, SystemClock()).read().agents
    return next(one for one in agents if one.pid == agent.process.pid)


def until_delivered(place: Workplace, receipt: DeliveryReceipt) -> DeliveryReceipt:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        receipt = channels.refresh_receipt(place.repository, receipt)
        if receipt.state == "delivered":
            return receipt
        time.sleep(0.02)
    raise AssertionError(receipt)


def at_work(place: Workplace) -> AgentProcess:
    agent = place.start(GATED, streams=False)
    agent.running_tool()
    return agent


def test_a_plain_session_hears_after_its_tool(place: Workplace) -> None:
    agent = at_work(place)
    who = found(place, agent)
    with pytest.raises(RefusedError, match="hooks install"):
        channels.send_message(place.repository, who, "hello")
    (place.repository / ".claude").mkdir(exist_ok=True)
    installer.install(place.repository)
    receipt = channels.send_message(place.repository, who, "Keep the file names short, $(please).")
    assert (receipt.channel, receipt.state) == ("mailbox", "queued")
    (place.repository / "go").touch()
    receipt = until_delivered(place, receipt)
    assert "PostTool" in receipt.detail
    assert agent.exit_code() == 0
    assert any("Noted" in text and "$(please)" in text for text in agent.texts())
    heard = [one["attachment"] for one in agent.transcript() if "attachment" in one]
    contents = [words for one in heard for words in one.get("content", []) if "$(please)" in words]
    assert len(contents) == 1
    facts = channels.inspect_channels(place.repository, who)
    assert facts.last_hook_call is not None


def test_a_message_at_the_end_of_a_turn_is_not_lost(place: Workplace) -> None:
    installer.install(place.repository)
    agent = at_work(place)
    who = found(place, agent)
    file = status.hook_status(place.repository).file
    file.write_text(file.read_text().replace("PostTool", "NoSuchTool"))
    receipt = channels.send_message(place.repository, who, "One more thing: read the notes.")
    (place.repository / "go").touch()
    assert "Stop" in until_delivered(place, receipt).detail
    assert agent.exit_code() == 0
    assert any("One more thing" in text for text in agent.texts())


def test_what_was_taken_back_is_never_heard(place: Workplace) -> None:
    installer.install(place.repository)
    agent = at_work(place)
    receipt = channels.send_message(place.repository, found(place, agent), "No: do the opposite.")
    mailbox = Mailbox(place.repository)
    assert mailbox.withdraw(receipt.session, receipt.id)
    assert channels.refresh_receipt(place.repository, receipt).state == "withdrawn"
    assert not mailbox.withdraw(receipt.session, receipt.id)
    (place.repository / "go").touch()
    assert agent.exit_code() == 0
    assert not any("opposite" in text for text in agent.texts())


def test_a_session_that_is_over_is_not_written_to(place: Workplace) -> None:
    installer.install(place.repository)
    agent = at_work(place)
    who = found(place, agent)
    agent.process.kill()
    agent.process.wait(DEADLINE)
    with pytest.raises(RefusedError, match="has ended"):
        channels.send_message(place.repository, who, "anybody there?")
