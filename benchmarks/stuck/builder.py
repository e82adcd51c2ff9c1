"""Writes the streams of the project's own episodes: deterministic, with times of believable length."""

from __future__ import annotations

import datetime
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.stuck.episode import Episode, Label

_BEGIN = datetime.datetime(2026, 3, 2, 23, 0, tzinfo=datetime.UTC)
_MODEL = "claude-sonnet-4-5-20250929"
_CWD = "/srv/work/shop"
Answer = str | list[dict[str, Any]]
"""A tool's answer: a text, or blocks."""
_NOUNS = (
    "cart invoice ledger tariff carrier voucher refund basket stock label parcel customer".split()
)


class Script:
    """A session as it is written down, record after record.

    `call` and `say` each complete a step. `trouble` says that what follows is the trouble. `timed` is
    False for a stream without times.
    """

    def __init__(self, name: str, timed: bool = True) -> None:
        self.name = name
        self.dice = random.Random(name)
        self.timed = timed
        self.steps = 0
        self.from_step: int | None = None
        self.session = self._id(32)
        self._at = _BEGIN
        self._records: list[dict[str, Any]] = []

    # --- what is written ---

    def prompt(self, text: str, *, session: bool = False) -> None:
        """A prompt begins a turn; `session`: in a new session."""
        if session:
            self.session = self._id(32)
        self._write(1.0, type="system", subtype="init", cwd=_CWD, model=_MODEL, tools=["Bash"])
        message = {"role": "user", "content": [{"type": "text", "text": text}]}
        self._write(0.2, type="user", message=message)

    def call(
        self,
        tool: str,
        given: dict[str, Any],
        answer: Answer,
        *,
        error: bool = False,
        seconds: float = 3.0,
        text: str = "",
        parent: str | None = None,
    ) -> None:
        """A tool call and its answer, which takes `seconds`; `parent` is the call of a subagent."""
        call = self.open_call(tool, given, text=text, parent=parent)
        self.answer(call, answer, error=error, seconds=seconds, parent=parent)

    def open_call(
        self, tool: str, given: dict[str, Any], *, text: str = "", parent: str | None = None
    ) -> str:
        """A tool call that `answer` answers later; its id."""
        call = f"toolu_{self._id(20)}"
        blocks: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
        blocks.append({"type": "tool_use", "id": call, "name": tool, "input": given})
        self._assistant(blocks, 4.0, "tool_use", parent)
        return call

    def answer(
        self,
        call: str,
        answer: Answer,
        *,
        error: bool = False,
        seconds: float = 3.0,
        parent: str | None = None,
    ) -> None:
        """The answer to an open call."""
        block: dict[str, Any] = {"type": "tool_result", "tool_use_id": call, "content": answer}
        if error:
            block["is_error"] = True
        message = {"role": "user", "content": [block]}
        self._write(seconds, type="user", message=message, parent_tool_use_id=parent)
        self.steps += parent is None

    def say(self, text: str, stop: str = "end_turn") -> None:
        """The model says something and calls nothing."""
        self._assistant([{"type": "text", "text": text}], 5.0, stop, None)
        self.steps += 1

    def end(self, text: str) -> None:
        """The model's last words of a turn, and the turn's result."""
        self.say(text)
        self._write(0.3, type="result", subtype="success", is_error=False, result=text, num_turns=4)

    def compaction(self, before: int = 160_000) -> None:
        """The conversation is summarised."""
        meta = {"trigger": "auto", "pre_tokens": before}
        self._write(20.0, type="system", subtype="compact_boundary", compact_metadata=meta)

    def pause(self, seconds: float) -> None:
        """Nothing happens for so long."""
        self._at += datetime.timedelta(seconds=seconds)

    def record(self, seconds: float, **record: Any) -> None:
        """Any other record."""
        self._write(seconds, **record)

    def trouble(self, *, within: bool = False) -> None:
        """The next step is the first of the trouble; `within`: it begins before that one is complete."""
        self.from_step = self.steps + (not within)

    # --- short forms ---

    def bash(self, command: str, answer: str, **more: Any) -> None:
        self.call("Bash", {"command": command}, answer, **more)

    def read(self, path: str, answer: str, **given: Any) -> None:
        self.call("Read", {"file_path": f"{_CWD}/{path}", **given}, answer, seconds=0.3)

    def edit(self, path: str, old: str, new: str, answer: str = "", **more: Any) -> None:
        path = f"{_CWD}/{path}"
        given = {"file_path": path, "old_string": old, "new_string": new}
        self.call(
            "Edit", given, answer or f"The file {path} has been updated.", seconds=0.4, **more
        )

    def write(self, path: str, content: str) -> None:
        path = f"{_CWD}/{path}"
        answer = f"File created successfully at: {path}"
        self.call("Write", {"file_path": path, "content": content}, answer, seconds=0.4)

    def noun(self) -> str:
        """Some word of the business."""
        return self.dice.choice(_NOUNS)

    def warm_up(self) -> None:
        """Some steps of plain work, each of them new."""
        first, second = self.dice.sample(_NOUNS, 2)
        self.bash("git log --oneline | head -3", f"a81f3c2 Count the {first} once\n77e0b1d Begin")
        self.read(f"src/{first}.py", f"1\tclass {first.title()}:\n2\t    rows: list[str]\n")
        self.bash(f"ls src/{second}", f"__init__.py\n{second}.py\nrules.py")
        self.edit(f"src/{first}.py", "rows: list[str]", f"rows: list[{second.title()}]")

    # --- the bytes ---

    def stream(self) -> bytes:
        """The stream so far."""
        untimed = () if self.timed else ("timestamp",)
        kept = ({k: v for k, v in one.items() if k not in untimed} for one in self._records)
        return b"".join(json.dumps(record).encode() + b"\n" for record in kept)

    def _assistant(
        self, blocks: list[dict[str, Any]], seconds: float, stop: str, parent: str | None
    ) -> None:
        """One message, one record for each of its blocks, as the CLI prints them."""
        message = {"id": f"msg_{self._id(20)}", "type": "message", "role": "assistant"}
        usage = {"input_tokens": 10, "output_tokens": 90, "cache_read_input_tokens": 30_000}
        message |= {"model": _MODEL, "stop_reason": stop}
        for block in blocks:
            body = {**message, "content": [block], "usage": usage}
            self._write(seconds, type="assistant", message=body, parent_tool_use_id=parent)
            seconds = 0.1

    def _write(self, seconds: float, **record: Any) -> None:
        self._at += datetime.timedelta(seconds=seconds)
        record |= {"session_id": self.session, "uuid": self._id(32)}
        record["timestamp"] = self._at.isoformat(timespec="milliseconds")
        self._records.append(record)

    def _id(self, digits: int) -> str:
        return f"{self.dice.getrandbits(4 * digits):0{digits}x}"


Player = Callable[[Script], None]
PLAYERS: dict[str, tuple[Label, Player]] = {}
"""Every own episode by its name: what it is, and what plays it."""


def stuck(player: Player) -> Player:
    """Registers an episode that is stuck from `Script.trouble` on."""
    return _register("stuck", player)


def healthy(player: Player) -> Player:
    """Registers an episode that only looks like one that is stuck."""
    return _register("healthy", player)


def _register(label: Label, player: Player) -> Player:
    name = f"{label}_{player.__name__}"
    assert name not in PLAYERS
    PLAYERS[name] = label, player
    return player


def built(name: str) -> Episode:
    """The episode of that name."""
    label, player = PLAYERS[name]
    script = Script(name)
    script.prompt(f"Work through the open tasks for the {script.noun()}.")
    player(script)
    assert (script.from_step is None) == (label == "healthy"), name
    group = player.__module__.rpartition(".")[2].removeprefix("own_")
    return Episode(name, label, script.from_step, Path(name), group, script.stream())
