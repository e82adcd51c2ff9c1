"""What our state is made of, forged: every name that we know or ever knew, with content that convinces.

What this version writes is not listed by hand: it is taken from a run, a rewind and an interrupted one
that really took place (`harvest`). By hand stand the names of version 0.1.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import msgspec

from tests.command_line import REPOSITORY
from tests.planted.world import World, substitute
from tests.session_files import SESSION
from tests.unit.repositories import sh, write

_OF_THE_END = ("run.json", "ended.json", "journal.jsonl", "stream.jsonl", "exit.json", "order.json")
_OPEN, _OVER = "20261129-235529", "20261128-220000"


@dataclass(frozen=True)
class Aim:
    """What forged content is after: a program to start, a folder to write in."""

    program: str
    folder: str
    commit: str
    blob: str


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _run(aim: Aim, run: str) -> bytes:
    facts = {
        "run": run, "goal": "planted goal", "project": aim.folder, "started_at": 1_795_996_529.6,
        "agent": [aim.program], "command": "run", "extra": [], "env": {"PATH": aim.folder},
        "head": aim.commit, "schema": 1,
    }  # fmt: skip
    return _json(facts)


def _old_settings(aim: Aim) -> bytes:
    text = (REPOSITORY / "tests/data/run_0_1/settings.json").read_bytes()
    settings = json.loads(text)
    settings["agent"] |= {"command": [aim.program], "skip_permissions": "yes, run without"}
    settings["session"]["baseline_tests"] = [aim.program]
    settings["paths"] |= {"watchdog_log": f"{aim.folder}/log", "progress_file": f"{aim.folder}/p"}
    return _json(settings)


def _order(aim: Aim) -> bytes:
    order = {
        "argv": [aim.program], "cwd": aim.folder, "env": {}, "fifo": f"{aim.folder}/stdin",
        "stream": f"{aim.folder}/stream.jsonl", "stderr": f"{aim.folder}/stderr.log",
    }  # fmt: skip
    return _json(order)


def _old_state(aim: Aim) -> bytes:
    state = json.loads((REPOSITORY / "tests/data/run_0_1/state.json").read_bytes())
    state |= {"baseline_pid": os.getpid(), "intent": None}
    state["pending"] = {"verb": "rewind", "arguments": {"checkpoint": "c1"}}
    return _json(state)


def _journal(aim: Aim) -> bytes:
    rows = [
        {"at": 1_795_996_529.0, "kind": "run_started", "run": _OPEN, "goal": "planted goal",
         "project": aim.folder, "agent": aim.program, "model": "", "settings": {}, "command": "run",
         "head": aim.commit},
        {"at": 1_795_996_530.0, "kind": "segment_started", "attempt": 1, "pid": os.getpid(),
         "proc_start": 1, "session": SESSION, "resume_of": "", "why": "start",
         "stream": f"{aim.folder}/stream.jsonl"},
        {"at": 1_795_996_531.0, "kind": "inject", "id": "planted", "text": "planted words",
         "mode": "soft", "transport": "mailbox", "promise": "", "doing": ""},
        {"at": 1_795_996_532.0, "kind": "restart_scheduled", "attempt": 2, "delay_s": 0,
         "due": 1.0, "class": "crash"},
        {"at": 1_795_996_533.0, "kind": "checkpoint", "checkpoint": "c1", "label": "planted",
         "commit": aim.commit, "files": 1, "not_captured": 0, "why": "key", "tests": "none"},
    ]  # fmt: skip
    return b"".join(_json(row) + b"\n" for row in rows)


def _request(verb: str, **arguments: Any) -> Callable[[Aim], bytes]:
    def content(aim: Aim) -> bytes:
        identity = f"1795996530941-{verb[:8]}"
        return _json({"id": identity, "verb": verb, "arguments": arguments, "at": 1.0})

    return content


def _open_rewind(phase: str) -> Callable[[Aim], bytes]:
    """A rewind under way that wants a program as a hook, in the work tree and outside."""

    def content(aim: Aim) -> bytes:
        side = [0o100755, aim.blob, 0o755, None]
        paths = (".git/hooks/post-checkout", "planted-here", "../victim/new", f"{aim.folder}/new")
        wants = [{"path": os.fsencode(p), "before": None, "after": side} for p in paths]
        wants.append({"path": b"../../victim/file", "before": None, "after": None})
        record = {
            "phase": phase, "target": "c1", "target_commit": aim.commit, "safety": "c2",
            "safety_commit": aim.commit, "steps": wants, "undoes": False,
            "empty_folders": [b"../../victim/made", b".git/hooks/made", os.fsencode(aim.folder) + b"/m"],
        }  # fmt: skip
        return msgspec.msgpack.encode(record)

    return content


def _last_rewind(aim: Aim) -> bytes:
    facts = {"at": 1.0, "target": "c1", "target_commit": aim.commit, "safety": "c1"}
    return msgspec.msgpack.encode({**facts, "safety_commit": aim.commit, "undoes": False})


def _hooks(aim: Aim) -> bytes:
    planted = _json({"hooks": {"Stop": [{"hooks": [{"type": "command", "command": aim.program}]}]}})
    return msgspec.json.encode({"original": planted, "installed": "0" * 32, "made_folder": 1.0})


def _trust(aim: Aim) -> bytes:
    return _json({"schema": 1, "projects": {aim.folder: ["*"]}, "digest": "", "trusted": True})


def _project(aim: Aim) -> bytes:
    return _json({"schema": 1, "path": aim.folder, "project": aim.folder, "root": aim.commit})


def _stream(aim: Aim) -> bytes:
    records = {"type": "system", "subtype": "init", "cwd": aim.folder, "session_id": SESSION}
    said = {"type": "assistant", "session_id": SESSION, "message": {"id": "m", "content": []}}
    return _json(records) + b"\n" + _json(said) + b"\n"


def _words(text: str) -> Callable[[Aim], bytes]:
    return lambda aim: text.encode()


def _of_run(run: str, over: bool) -> dict[str, Callable[[Aim], bytes]]:
    names: dict[str, Callable[[Aim], bytes]] = {
        "run.json": lambda aim: _run(aim, run),
        "settings.json": _old_settings,
        "journal.jsonl": _journal,
        "stream.jsonl": _stream,
        "state.json": _old_state,
        "recall": _words("recall"),
        "review.json": lambda aim: _json({"schema": 1, "goal": "planted", "verdict": "keep"}),
        "arrivals": _words("0 0\n"),
        "stderr.log": _words("planted\n"),
        "supervisor.lock": lambda aim: _json({"pid": os.getpid(), "started": 1}),
        "supervisor.log": _words("planted\n"),
        "inbox/1795996530941-aaaaaaaa.json": _request("kill"),
        "inbox/1795996530942-aaaaaaaa.json": _request("inject", text="planted words", mode="soft"),
        "inbox/1795996530943-aaaaaaaa.json": _request("pause_limits", minutes=1000),
        "inbox/1795996530944-aaaaaaaa.json.claimed": _request("rewind", checkpoint="c1"),
        "outbox/1": _request("inject", text="planted words"),
        f"transcripts/{SESSION}.jsonl": _stream,
        "segments/0001/order.json": _order,
        "segments/0001/agent.json": lambda aim: _json({"pid": os.getpid(), "start": 1}),
        "segments/0001/claim": _words("1"),
        "segments/0001/exit.json": lambda aim: _json({"code": 1, "signal": 0, "at": 1.0}),
        "segments/0001/shim.log": _words("planted\n"),
        "segments/0001/lock": _words(""),
        "segments/0002/order.json": _order,
    }
    if over:
        names = {name: content for name, content in names.items() if name.endswith(_OF_THE_END)}
        names["ended.json"] = lambda aim: _json({"reason": "planted", "code": 0, "at": 2.0})
    return {f"runs/{run}/{name}": content for name, content in names.items()}


_MESSAGE = f"mailbox/{SESSION}/1795996530941000000-aaaaaaaa"
NAMES: dict[str, Callable[[Aim], bytes]] = {
    **_of_run(_OPEN, over=False),
    **_of_run(_OVER, over=True),
    f"deeds/{SESSION}.journal.jsonl": _journal,
    "deeds/unnamed.journal.jsonl": _journal,
    f"{_MESSAGE}.msg": _words("planted words"),
    f"{_MESSAGE}.claimed": _words("planted words"),
    f"mailbox/{SESSION}/heard": _words(""),
    "hooks.json": _hooks,
    "seen.json": lambda aim: _json({"schema": 1, "visits": [{"since": 1.0, "until": 2e9}]}),
    "rewind/open": _open_rewind("applying"),
    "rewind/last": _last_rewind,
    "rewind/lock": _words(""),
    "rewind/stage/0": _words("planted"),
    "rewind/rescued/0": _words("planted"),
    "trust.json": _trust,
    "project.json": _project,
    "cache": _words("planted"),
    "visits.json": lambda aim: _json({"schema": 1, "visits": []}),
}
"""Every name below the run directory of version 0.1, and names that a newer one may look for."""


# --- how it stands there ---


def _plain(path: Path, data: bytes, world: World) -> None:
    path.write_bytes(data)


def _torn(path: Path, data: bytes, world: World) -> None:
    path.write_bytes(data[: max(1, len(data) * 2 // 3)])


def _binary(path: Path, data: bytes, world: World) -> None:
    path.write_bytes(bytes(range(256)) * 9)


def _huge(path: Path, data: bytes, world: World) -> None:
    path.write_bytes(data)
    os.truncate(path, 200 << 20)


def _link(path: Path, data: bytes, world: World) -> None:
    """A link to a file of the person that holds the same."""
    name = "-".join(path.parts[-3:])
    write(world.victim, {f"linked/{name}": data})
    path.symlink_to(world.victim / "linked" / name)


def _dangling(path: Path, data: bytes, world: World) -> None:
    path.symlink_to(world.victim / "made" / path.name)


def _hard_link(path: Path, data: bytes, world: World) -> None:
    name = "-".join(path.parts[-3:])
    write(world.victim, {f"linked/{name}": data})
    path.hardlink_to(world.victim / "linked" / name)


def _fifo(path: Path, data: bytes, world: World) -> None:
    os.mkfifo(path)


def _folder(path: Path, data: bytes, world: World) -> None:
    path.mkdir()


FORMS: dict[str, Callable[[Path, bytes, World], None]] = {
    "plain": _plain,
    "aimed outside": _plain,
    "torn": _torn,
    "binary": _binary,
    "huge": _huge,
    "link": _link,
    "dangling link": _dangling,
    "hard link": _hard_link,
    "FIFO": _fifo,
    "folder": _folder,
}
"""How a planted name stands there; "aimed outside": every path in it leads to the victim."""


def aim_of(world: World, form: str) -> Aim:
    """What content planted in this form is after."""
    program = world.program(world.above / "project/planted-program.sh", "planted-program")
    folder = world.victim if form == "aimed outside" else world.project
    commit = sh(world.project, "rev-parse", "HEAD")
    blob = sh(world.project, "hash-object", "-w", str(program))
    return Aim(str(program), str(folder), commit, blob)


def contents(world: World, aim: Aim) -> dict[str, bytes]:
    """Every name with its forged content."""
    words = {"{project}": aim.folder, "{program}": aim.program}
    found = {name: substitute(data, words) for name, data in harvest().items()}
    return found | {name: make(aim) for name, make in NAMES.items()}


def plant(folder: Path, found: dict[str, bytes], form: str, world: World) -> None:
    """Puts every name below a folder; what stands in the way of one is left there."""
    for name, data in found.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            FORMS[form](path, data, world)
        except FileExistsError:
            continue


# --- what this version really writes ---

_INTERRUPT = """
import os, signal, sys
from pathlib import Path
from tests.unit.control.kill_worker import perform
perform(Path(sys.argv[1]), "rewind", "writing", 1)
"""


@cache
def harvest() -> dict[str, bytes]:
    """The state of a project in which a run, a rewind, an undo and an interrupted rewind took place.

    By name below the project's state folder; `{project}` and `{program}` stand for the real ones.
    """
    top = Path(mkdtemp(prefix="harvest-"))
    try:
        world = World(top)
        world.project_repository()
        world.run("rewind", "c1", "--yes", "--anyway")
        world.run("undo", "--yes", "--anyway")
        world.run("hooks", "install")
        world.run("run", "--detach", "--allow-dirty", "work")
        living = _state_of(world)
        world.run("kill", "--yes", "--no-checkpoint")
        write(world.project, {"a.txt": "three\n", "b.txt": "b"})
        words = [sys.executable, "-c", _INTERRUPT, str(world.project)]
        subprocess.run(words, cwd=REPOSITORY, env=world.environment(), capture_output=True)
        found = _state_of(world)
        # The run as it was while it lived stays under its own name, what became of it gets another.
        runs = {name.split("/")[1] for name in found if name.startswith("runs/")}
        for run in runs:
            found = {name.replace(run, f"{_OVER}-{run}"): data for name, data in found.items()}
            found = {name: data for name, data in found.items() if _tells_of_the_end(name)}
        return living | found
    finally:
        shutil.rmtree(top, ignore_errors=True)


def _tells_of_the_end(name: str) -> bool:
    """Whether a file of a run that is over can differ in kind from the same of a living one."""
    return not name.startswith("runs/") or name.endswith(_OF_THE_END)


def _state_of(world: World) -> dict[str, bytes]:
    words = {str(world.project): "{project}", str(world.bin / "claude"): "{program}"}
    places = (world.state / "overnight-tui", world.project / ".overnight")
    return {name: substitute(data, words) for place in places for name, data in _read(place)}


def _read(place: Path) -> Iterator[tuple[str, bytes]]:
    """The files below `place`, without the part of their name that differs from project to project."""
    for path in sorted(place.rglob("*")):
        if path.is_file() and not path.is_symlink():
            parts = path.relative_to(place).parts
            name = "/".join(parts[2:] if parts[0] == "projects" and len(parts) > 2 else parts)
            yield name, path.read_bytes()
