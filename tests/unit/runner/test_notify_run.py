"""Notices of a real run under a real supervisor, sent by a real sender process."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.unit.runner.notify_scene import START, Reply, Turned, hook, journal_of, serving, until
from tests.unit.runner.runner_scene import Scene
from tui.runner.notify.channels import NotifyChannel
from tui.runner.notify.outbox import Outbox, OutboxNotifier, notifier_for
from tui.runner.run_context import RunContext
from tui.runner.run_state import RunState
from tui.settings.settings import Settings
from tui.settings.units import Secret
from tui.store.journal import JournalWriter
from tui.store.runs import RunFacts, create_run
from tui.system.clock import SystemClock
from tui.system.locks import acquire_lock, is_locked
from tui.system.processes import is_alive, read_process

LONG = "a-very-secret-part-4711"


def desk_for(base: Path, command: str = "run", **told: Any) -> RunContext:
    """A supervisor's context, as far as notices need one."""
    told = {"tmux": False, **told}
    settings = Settings()
    changed = msgspec.structs.replace(settings.notifications, **told)
    settings = msgspec.structs.replace(settings, notifications=changed)
    facts = RunFacts("run-1", "the goal", str(base / "bot"), START, ("agent",), command)
    (base / "bot").mkdir(parents=True, exist_ok=True)
    folder = create_run(base / "runs", facts, settings)
    journal = JournalWriter(folder.journal)
    return RunContext(folder, facts, settings, SystemClock(), RunState(), journal)


def notifier(context: RunContext, *channels: NotifyChannel) -> OutboxNotifier:
    clock = Turned()
    return OutboxNotifier(context, channels=channels, environ=os.environ, wall=clock)


def sender_of(notifier: OutboxNotifier) -> int:
    (child,) = notifier._children
    return int(child.pid)


def everything_written(folder: Path) -> str:
    files = [one for one in folder.rglob("*") if one.is_file()]
    return "\n".join(one.read_bytes().decode("utf-8", "replace") for one in files)


# --- the supervisor's side ---

SWITCHES = {
    "start": "enable_session_start",
    "checkpoint": "enable_checkpoints",
    "finished": "enable_completion",
    "stall": "enable_stalls",
    "limit": "enable_limits",
    "restart": "enable_restarts",
    "needs_you": "enable_needs_you",
}


@pytest.mark.parametrize("kind", SWITCHES)
def test_each_kind_has_its_switch(tmp_path: Path, kind: str) -> None:
    for number, on in enumerate((True, False)):
        told: dict[str, Any] = {SWITCHES[kind]: on}
        context = desk_for(tmp_path / str(number), **told)
        notifier(context).notify(kind, "words")
        assert len(journal_of(context.folder, "notified")) == on


def test_screens_are_asked_to_ring_once_a_minute_for_each_kind(tmp_path: Path) -> None:
    context = desk_for(tmp_path)
    teller = notifier(context)
    clock = teller._wall
    assert isinstance(clock, Turned)
    for _ in range(3):
        teller.notify("stall", "words")
        teller.notify("limit", "words")
    clock.now += 61
    teller.notify("stall", "words")
    rung = journal_of(context.folder, "notified")
    assert [one["event"] for one in rung] == ["stall", "limit", "stall"]
    assert {(one["channel"], one["state"]) for one in rung} == {("bell", "sent")}


def test_quiet_hours_let_only_a_call_for_help_through(tmp_path: Path) -> None:
    local = time.localtime(START)
    span = (
        f"{local.tm_hour:02d}:{local.tm_min:02d}-{(local.tm_hour + 1) % 24:02d}:{local.tm_min:02d}"
    )
    context = desk_for(tmp_path, quiet_hours=span)
    teller = notifier(context)
    teller.notify("finished", "words")
    teller.notify("needs_you", "words")
    entries = [
        (one["event"], one["channel"], one["state"])
        for one in journal_of(context.folder, "notified")
    ]
    assert entries == [("finished", "", "skipped"), ("needs_you", "bell", "sent")]


def test_a_demonstration_tells_nobody_outside(tmp_path: Path) -> None:
    secret = Secret("https://hooks.slack.com/services/T/B/x")
    for command, names in (("run", ["slack"]), ("demo", [])):
        context = desk_for(tmp_path / command, command, slack_webhook=secret)
        told = notifier_for(context, {"PATH": os.environ["PATH"]})
        assert [one.name for one in told._channels] == names


def test_an_event_is_sent_by_a_process_of_its_own(tmp_path: Path) -> None:
    with serving() as service:
        context = desk_for(tmp_path)
        teller = notifier(context, hook(service, "slack", "slack", f"/services/{LONG}"))
        teller.notify("stall", f"it hangs; posting to /services/{LONG} failed, sk-ant-{'x' * 20}")
        teller.close()
        entry = until(
            lambda: [
                one for one in journal_of(context.folder, "notified") if one["channel"] == "slack"
            ]
        )[0]
        assert entry["state"] == "sent"
        assert "it hangs; posting to" in service.taken[0].json["text"]
        assert service.taken[0].path == f"/services/{LONG}"
    for text in (service.taken[0].body.decode(), everything_written(context.folder.path)):
        assert LONG not in text
        assert "sk-ant" not in text


def test_a_killed_sender_is_followed_by_another(tmp_path: Path) -> None:
    with serving(Reply(trick="silence"), Reply()) as service:
        context = desk_for(tmp_path, timeout_seconds=30)
        teller = notifier(context, hook(service, path=f"/{LONG}"))
        teller.notify("stall", "it hangs")
        until(lambda: service.taken, "the first attempt")
        sender = read_process(sender_of(teller))
        assert sender is not None
        command = Path(f"/proc/{sender.pid}/cmdline").read_bytes()
        environ = Path(f"/proc/{sender.pid}/environ").read_bytes()
        assert LONG.encode() not in command + environ
        os.kill(sender.pid, signal.SIGKILL)
        until(lambda: not is_locked(Outbox(context.folder.path).lock), "the lock to be free")
        teller.notify("finished", "it is over")
        until(lambda: len(service.taken) >= 2, "the next attempt")
        assert service.taken[1].json["event"] == "finished"
        teller.close()
        text = next(iter(sorted((context.folder.path / "outbox").glob("*.json")))).read_text()
        assert json.loads(text)["deliveries"]["hook"]["repeat"] is True


def test_what_was_left_is_sent_at_the_next_start(tmp_path: Path) -> None:
    with serving() as service:
        context = desk_for(tmp_path)
        channel = hook(service)
        lock_folder = Outbox(context.folder.path)
        first = notifier(context, channel)
        lock_folder.path.mkdir(mode=0o700)
        lock = acquire_lock(lock_folder.lock)  # as if a sender were at work that dies
        assert lock is not None
        first.notify("stall", "left behind")
        assert first._children == []
        os.close(lock)
        second = notifier(context, channel)
        second.resume()
        until(lambda: service.taken, "the message")
        second.close()


def test_an_outbox_that_cannot_be_written_keeps_nobody_silent(tmp_path: Path) -> None:
    with serving() as service:
        context = desk_for(tmp_path)
        (context.folder.path / "outbox").write_text("in the way")
        teller = notifier(context, hook(service))
        teller.notify("needs_you", "the disk is full")
        until(lambda: service.taken, "the message")
        assert "the disk is full" in service.taken[0].json["text"]
        teller.close()


def test_a_sender_that_cannot_start_is_said_once(tmp_path: Path) -> None:
    context = desk_for(tmp_path)
    teller = notifier(context, NotifyChannel("hook", "json", "https://example.org/" + "x" * 70_000))
    for _ in range(3):
        teller.notify("stall", "words")
    assert (tmp_path / "bot" / "logs" / "watchdog.log").read_text().count(
        "Notices are not sent"
    ) == 1


@pytest.fixture(autouse=True)
def _no_sender_is_left(tmp_path: Path) -> Iterator[None]:
    """Ends the senders of this test, whatever they wait for."""
    yield
    marker = str(tmp_path).encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"tui.runner.notify_sender" in words and words[3].startswith(marker):
                os.kill(int(entry.name), signal.SIGKILL)


# --- whole runs ---


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.tidy()


def test_a_run_tells_of_its_start_and_its_end(scene: Scene) -> None:
    with serving() as service:
        scene.environ["SLACK_WEBHOOK_URL"] = service.url(f"/services/{LONG}")
        folder = scene.start("[[story:hello]]")
        scene.ended()
        until(lambda: len(service.taken) >= 3, "start, checkpoint and end")
        told = {one.json["text"].split("\n")[0] for one in service.taken}
        assert {"repository: a run starts", "repository: finished"} <= told
        scene.entry("notified", event="finished", channel="slack", state="sent")
        scene.entry("notified", event="finished", channel="bell")
    written = everything_written(folder.path) + everything_written(scene.repository / "logs")
    assert LONG not in written


def test_a_service_that_never_answers_keeps_no_run_from_its_end(scene: Scene) -> None:
    with serving(Reply(trick="silence")) as service:
        scene.environ["SLACK_WEBHOOK_URL"] = service.url(f"/services/{LONG}")
        scene.start("[[story:hello]]", notifications__timeout_seconds=30)
        began = time.monotonic()
        supervisor = scene.supervisor()
        scene.ended()
        until(lambda: not is_alive(supervisor), "the supervisor's end")
        assert time.monotonic() - began < 15
        until(lambda: service.taken, "the attempt")
        assert [one for one in scene.journal("notified") if one["channel"] == "slack"] == []
