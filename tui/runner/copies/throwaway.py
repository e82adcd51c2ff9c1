"""Throwaway folders in our cache: removed also where their maker was killed, with all that runs in them."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.feeds.sessions.where.transcript_folders import slugs
from tui.runner.agent.attempt import MARK
from tui.system import paths
from tui.system.files import atomic_write, make_folder, private_folder, read_small
from tui.system.locks import acquire_lock, is_locked
from tui.system.paths import lies_in
from tui.system.process_tree import ProcessTree, kill_tree

RUN: Final = "rehearsal-"
_FOLDER: Final = "rehearsals"
_LOCK: Final = "lock"
_NOTE: Final = "run"


@dataclass
class Throwaway:
    """A folder that is ours while its lock is held."""

    path: Path
    _lock: int = -1

    @property
    def marker(self) -> str:
        """What every process that runs in it has in its environment, as `NAME=value`."""
        return f"{MARK}={self.path}"

    def note_run(self, run: Path) -> None:
        """Has the folder of a run removed with it, also where its maker is killed. Raises OSError."""
        atomic_write(self.path / _NOTE, os.fsencode(run), sync=False)

    def remove(self, environ: Mapping[str, str] = os.environ) -> None:
        """Ends what still runs in it and removes it, with the transcripts of its sessions."""
        _remove(self.path, environ)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def open_throwaway(environ: Mapping[str, str] = os.environ) -> Throwaway:
    """A new, empty folder. Raises OSError."""
    top = private_folder(paths.cache_dir(environ) / _FOLDER)
    path = top / f"{int(time.time()):x}-{os.urandom(3).hex()}"
    make_folder(path)
    lock = acquire_lock(path / _LOCK)
    return Throwaway(path, -1 if lock is None else lock)


def sweep_copies(environ: Mapping[str, str] = os.environ) -> int:
    """Removes folders whose maker was killed, and ends what is left of it; how many there were."""
    top = paths.cache_dir(environ) / _FOLDER
    try:
        names = os.listdir(top)
    except OSError:
        return 0
    gone = [top / name for name in names if not is_locked(top / name / _LOCK)]
    for folder in gone:
        _remove(folder, environ)
    return len(gone)


def _remove(folder: Path, environ: Mapping[str, str]) -> None:
    kill_tree(ProcessTree(marker=f"{MARK}={folder}".encode()), 0.0)
    run = Path(os.fsdecode(read_small(folder / _NOTE)))
    if run.name.startswith(RUN) and lies_in(str(run), str(paths.state_dir(environ))):
        remove_tree(run)
    projects = paths.claude_dir(environ) / "projects"
    for name in os.listdir(folder) if folder.is_dir() else ():
        # The name of our folder is in it, so these are the transcripts of the rehearsal alone.
        for slug in slugs(str(folder / name)):
            with suppress(OSError):
                for path in projects.glob(f"{slug}*"):
                    remove_tree(path)
    remove_tree(folder)


def remove_tree(path: Path) -> None:
    """Removes all that can be removed, also from folders that their owner may not write to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            os.chmod(path, 0o700)
            for above, folders, _ in os.walk(path):
                for name in folders:
                    if not os.path.islink(os.path.join(above, name)):
                        os.chmod(os.path.join(above, name), 0o700)
    shutil.rmtree(path, ignore_errors=True)
