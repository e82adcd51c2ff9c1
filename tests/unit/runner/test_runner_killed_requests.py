"""A supervisor is killed at random while requests wait or are under way: each is carried out, and once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent_harness import REPOSITORY
from tests.unit.repositories import litter, user_state, write
from tests.unit.runner.runner_scene import Answer, Scene, until
from tui.control.checkpoints.refs import checkpoints_of
from tui.model.journal import Requester
from tui.runner import start
from tui.store import inbox
from tui.store.inbox import Verb
from tui.store.runs import is_supervised


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.tidy()


def ask_and_kill(scene: Scene, verb: str, arguments: dict[str, object], delay: float) -> Answer:
    """Asks from a thread and kills the supervisor a moment after that began."""
    answers: list[Answer] = []

    def ask() -> None:
        answers.append(scene.request(verb, wait=40.0, **arguments))

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(delay)  # the instant of the kill is what is tried out, not waited for
    scene.kill_supervisor()
    start.adopt_run(scene.repository, environ=scene.environ)
    asking.join(45)
    assert answers, f"no answer to {verb} {arguments}"
    until(lambda: is_supervised(scene.folder) and scene.supervisor(), "a supervisor")
    return answers[0]


def torment(scene: Scene, kills: int, seed: int) -> None:
    dice = random.Random(seed)
    scene.start("[[story:long_tool gate=gate]]")
    scene.wait_said('"tool_use"')
    person = user_state(scene.repository)
    agent = scene.agent()
    labels, texts = [], []
    for number in range(kills):
        name = f"request {number}"
        write(scene.repository, {"changing": name})
        if number % 2:
            answer = ask_and_kill(scene, "checkpoint", {"label": name}, dice.uniform(0, 0.25))
            labels.append(name)
        else:
            answer = ask_and_kill(scene, "inject", {"text": name}, dice.uniform(0, 0.25))
            texts.append(name)
        assert answer.ok, answer
    asked = Counter(entry["id"] for entry in scene.journal("request"))
    answered = Counter(entry["id"] for entry in scene.journal("answer"))
    assert asked.keys() == answered.keys()
    assert set(answered.values()) == {1}
    taken = Counter(one.label for one in checkpoints_of(scene.repository))
    assert {label: taken[label] for label in labels} == dict.fromkeys(labels, 1)
    injected = Counter(entry["text"] for entry in scene.journal("inject"))
    assert injected == Counter(texts)
    assert scene.agent() == agent
    assert user_state(scene.repository) == person
    assert litter(scene.repository) == []
    assert os.listdir(scene.folder.inbox) == []
    (scene.repository / "gate").touch()
    scene.ended()
    heard = [one for one in scene.stream() if one.get("isReplay")]
    for text in texts:
        assert sum(text in json.dumps(one["message"]) for one in heard) == 1, text


_DIES_BEFORE = """
import os, signal, sys
from tui.runner import supervisor
from tui.runner.run_context import RunContext

write = RunContext.journal_entry

def journal_entry(self, kind, *facts, **more):
    if kind == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
    return write(self, kind, *facts, **more)

RunContext.journal_entry = journal_entry
supervisor.main(sys.argv[1:2])
"""


@pytest.mark.parametrize("entry", ["request", "inject", "injection", "checkpoint", "answer"])
def test_killed_before_an_entry_of_the_journal(scene: Scene, entry: str) -> None:
    """The four steps of a request, and a death before each: the next supervisor does what is missing."""
    scene.start("[[story:long_tool gate=gate]]")
    scene.wait_said('"tool_use"')
    scene.kill_supervisor()
    verb: Verb = "inject" if entry in ("inject", "injection") else "checkpoint"
    arguments = {"text": "said once"} if verb == "inject" else {"label": "taken once"}
    asked = inbox.send_request(scene.folder.inbox, verb, arguments, by=Requester.COMMAND)
    words = [sys.executable, "-c", _DIES_BEFORE, str(scene.folder.path), entry]
    died = subprocess.run(words, cwd=REPOSITORY, env=scene.environ, timeout=30, check=False)
    assert died.returncode == -signal.SIGKILL
    assert not scene.journal("answer")
    start.adopt_run(scene.repository, environ=scene.environ)
    assert scene.entry("answer", id=asked.id)["ok"]
    assert [one["id"] for one in scene.journal("request")] == [asked.id]
    taken = [one for one in checkpoints_of(scene.repository) if one.label == "taken once"]
    assert len(taken) == (verb == "checkpoint")
    journalled = [
        one["commit"] for one in scene.journal("checkpoint") if one["label"] == "taken once"
    ]
    assert journalled == [one.commit for one in taken]
    injected = [one["text"] for one in scene.journal("inject")]
    assert injected == (["said once"] if verb == "inject" else [])


def test_requests_survive_a_dozen_kills_and_are_carried_out_once(scene: Scene) -> None:
    torment(scene, 12, seed=os.getpid())


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(17))
def test_requests_survive_two_hundred_kills(scene: Scene, seed: int) -> None:
    torment(scene, 12, seed)
