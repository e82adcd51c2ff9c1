"""A throwaway person with a project, and a record of everything that lies around our own state."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests import session_files
from tests.command_line import Done, environment, run
from tests.unit.repositories import make, write

CANARY = "canary-of-a-file-outside"
"""Stands in every file outside the project; no output may hold it."""

Facts = tuple[object, ...]
Snapshot = dict[str, Facts]

# What a person has on PATH: answers as the CLI does, says that it began, and waits for its end.
_AGENT = """#!/bin/sh
case "$*" in *--version*) echo "2.1.329 (Claude Code)"; exit 0;; esac
printf '{"type":"system","subtype":"init","cwd":"%s","session_id":"x","tools":[]}\\n' "$PWD"
exec sleep 30
"""


class World:
    """Folders of a person, a project in a folder of its own, and a victim beside it.

    `above` holds the project. `marks` is where every planted program leaves a file when it is
    started. Everything of ours lies below `state` and `cache`.
    """

    def __init__(self, top: Path) -> None:
        self.top = top.resolve()
        self.home = self._folder("home")
        self.state = self._folder("state")
        self.cache = self._folder("cache")
        self.victim = self._folder("victim")
        self.marks = self._folder("marks")
        self.above = self._folder("above")
        self.project = self.above / "project"
        self.bin = self._folder("bin")
        self.env = {
            "XDG_STATE_HOME": str(self.state),
            "XDG_CACHE_HOME": str(self.cache),
            "XDG_CONFIG_HOME": str(self._folder("config")),
            "XDG_DATA_HOME": str(self._folder("data")),
            "XDG_RUNTIME_DIR": str(self._folder("run")),
            "TMPDIR": str(self._folder("tmp")),
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
            "GIT_CONFIG_NOSYSTEM": "1",
            "PLANTED_SECRET": "value-of-a-secret",
            "ANTHROPIC_API_KEY": "no-key-of-anybody",
        }
        for ours in (self.state, self.cache):
            (ours / "overnight-tui").mkdir(mode=0o700)
        write(self.home, {".gitconfig": "[user]\n\tname = P\n\temail = p@example.org\n"})
        make(self.victim / "repo", {"kept": CANARY})
        write(self.victim, {"file": CANARY, "folder/inner": CANARY})
        self.program(self.bin / "claude", text=_AGENT)

    def _folder(self, name: str) -> Path:
        folder = self.top / name
        folder.mkdir(parents=True, mode=0o700)
        return folder

    def program(self, path: Path, name: str = "", text: str = "") -> Path:
        """A program that leaves a mark when it is started."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text or f"#!/bin/sh\n{self.mark_command(name)}\ncat\n")
        path.chmod(0o755)
        return path

    def mark_command(self, name: str) -> str:
        """A shell command that leaves the mark `name`."""
        return f": > {self.marks}/{re.sub(r'[^A-Za-z0-9_.-]', '-', name)}"

    def project_repository(self) -> None:
        """The project: a session that is over, a checkpoint, a file changed since."""
        make(self.project, {"a.txt": "one\n", "src/b.py": "print(1)\n", "README.md": "# r\n"})
        transcript = session_files.lines(
            [
                session_files.init(1, str(self.project), 0.0),
                session_files.speech(2, "I begin.", 1.0),
                session_files.bash(3, "make test", 2.0),
                session_files.speech(4, "All is done.", 3.0),
            ]
        )
        slug = re.sub(r"[^A-Za-z0-9]", "-", str(self.project))
        folder = self.home / ".claude/projects" / slug
        folder.mkdir(parents=True)
        (folder / f"{session_files.SESSION}.jsonl").write_bytes(transcript)
        done = self.run("checkpoint", "-m", "good", cwd=self.project)
        assert done.code == 0, done
        write(self.project, {"a.txt": "two\n", "new.txt": "n\n"})

    def run(self, *words: str, cwd: Path | None = None) -> Done:
        """One command of the program; what it starts is appended to `started`."""
        return run(*words, home=self.home, cwd=cwd or self.project, env=self.env, audit=self.audit)

    @property
    def audit(self) -> Path:
        return self.top / "started"

    def started(self) -> list[tuple[str, ...]]:
        """The programs that commands have started since the last call, and where they connected."""
        try:
            lines = self.audit.read_text(errors="replace").splitlines()
            self.audit.unlink()
        except FileNotFoundError:
            return []
        return [tuple(json.loads(line)) for line in lines]

    def environment(self) -> dict[str, str]:
        return environment(self.home, **self.env)

    def snapshot(self) -> Snapshot:
        """Everything in this world that is not ours, so exactly that no write can hide."""
        ours = {
            str(self.state / "overnight-tui"),
            str(self.cache / "overnight-tui"),
            str(self.audit),
        }
        return {
            os.path.relpath(path, self.top): facts for path, facts in _facts(str(self.top), ours)
        }


def _facts(folder: str, left_out: set[str]) -> Iterator[tuple[str, Facts]]:
    try:
        entries = list(os.scandir(os.fsencode(folder)))
    except OSError:
        return
    for entry in entries:
        path = os.fsdecode(entry.path)
        if path in left_out:
            continue
        facts = entry.stat(follow_symlinks=False)
        target = os.readlink(entry.path) if entry.is_symlink() else b""
        # The change time cannot be set: content, mode and owner all move it.
        yield (
            path,
            (
                stat.S_IFMT(facts.st_mode) == stat.S_IFDIR,
                facts.st_mode,
                facts.st_uid,
                facts.st_gid,
                facts.st_ino,
                facts.st_size,
                facts.st_mtime_ns,
                target,
                facts.st_ctime_ns,
                facts.st_nlink,
            ),
        )
        if entry.is_dir(follow_symlinks=False):
            yield from _facts(path, left_out)


def changes(before: Snapshot, after: Snapshot, allowed: Iterable[str] = ()) -> list[str]:
    """What came, went or changed, but for the paths that one of the patterns matches whole.

    That a folder has another time is not told where it is clear from what lies in it.
    """
    patterns = [re.compile(pattern) for pattern in allowed]
    differ = [p for p in before.keys() | after.keys() if not _same(before.get(p), after.get(p))]
    may = {path for path in differ if any(pattern.fullmatch(path) for pattern in patterns)}
    told = {os.path.dirname(path) for path in {*(before.keys() ^ after.keys()), *may}}
    found = []
    for path in sorted(set(differ) - may):
        old, new = before.get(path), after.get(path)
        if old and new and old[:5] == new[:5] and old[0] and path in told:
            continue
        found.append(f"{path} {'came' if old is None else 'is gone' if new is None else 'changed'}")
    return found


def _same(old: Facts | None, new: Facts | None) -> bool:
    """Whether it was left alone; another name of the file may have gone, which its change time tells too."""
    if old is None or new is None or old[:-2] != new[:-2]:
        return False
    other_name_went = not old[0] and old[-1] != new[-1]
    return old[-2] == new[-2] or other_name_went


def remove(top: Path) -> None:
    """Removes a world, whatever permissions were planted in it."""
    shutil.rmtree(top, ignore_errors=True)


def substitute(data: bytes, words: Mapping[str, str]) -> bytes:
    """The data with every word in it replaced."""
    for old, new in words.items():
        data = data.replace(old.encode(), new.encode())
    return data
