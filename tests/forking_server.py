"""Starts the program again and again without starting an interpreter each time.

A process of its own that has loaded what every command loads, runs nothing and has no threads. For
each request it forks a child, and the child goes on as `python -m tui` would: in its folder, with
its environment, its words and its three files, to the end of the interpreter.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import socket
import sys
import time
from typing import Any

LOADED = ("tui.cli", "tui.settings", "tui.monitor.monitor", "psutil", "yaml", "hashlib")
WHOLE = ("tui.commands.observe", "tui.night.review")  # packages, with all that is in them


def serve(asked: socket.socket) -> None:
    """Answers each line, a request, with the exit code; returns only in a child, ready to run."""
    for line in asked.makefile("rb"):
        child = os.fork()
        if child == 0:
            asked.close()
            _become(json.loads(line))
            return
        status = os.waitpid(child, 0)[1]
        asked.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _files(out: str, err: str) -> None:
    """Standard input, output and errors as a new interpreter in UTF-8 mode has them."""
    places = ((os.devnull, os.O_RDONLY), (out, os.O_WRONLY), (err, os.O_WRONLY))
    for number, (name, flags) in enumerate(places):
        file = os.open(name, flags)
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, buffering, "utf-8", errors, closefd=False)  # noqa: SIM115
        for number, mode, buffering, errors in (
            (0, "r", -1, "surrogateescape"),
            (1, "w", -1, "surrogateescape"),
            (2, "w", 1, "backslashreplace"),
        )
    )


def _become(wanted: dict[str, Any]) -> None:
    os.chdir(os.fsencode(wanted["cwd"]))
    os.environ.clear()
    os.environ.update(wanted["env"])
    time.tzset()
    sys.argv = ["tui", *wanted["words"]]
    sys.path[0] = wanted.get("first_path", os.getcwd())
    _files(wanted["out"], wanted["err"])
    if wanted.get("audit"):
        _audit(wanted["audit"])


def _audit(path: str) -> None:
    """Appends to a file, a line each, what this program starts and where it connects."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def text(value: object) -> str:
        return os.fsdecode(value) if isinstance(value, str | bytes) else repr(value)

    def hear(event: str, facts: tuple[Any, ...]) -> None:
        words: list[str]
        if event == "subprocess.Popen":
            words = [text(facts[0] or ""), *map(text, facts[1])]
        elif event in ("os.exec", "os.posix_spawn"):
            words = [text(facts[0]), *map(text, facts[1])]
        elif event in ("os.system", "socket.connect", "socket.sendto", "socket.bind"):
            words = [text(fact) for fact in facts[-1:]]
        else:
            return
        os.write(file, json.dumps([event, *words]).encode() + b"\n")

    sys.addaudithook(hear)


if __name__ == "__main__":
    for module in LOADED:
        importlib.import_module(module)
    for name in WHOLE:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(found.name)
    descriptor = int(sys.argv[1])
    os.set_inheritable(descriptor, False)
    gc.collect()
    gc.freeze()  # no child looks through what all of them share
    serve(socket.socket(fileno=descriptor))
    runpy.run_module("tui", run_name="__main__", alter_sys=True)
