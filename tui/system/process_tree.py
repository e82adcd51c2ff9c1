"""Ending an agent with everything it started, whatever shape that has.

The agent gets SIGTERM first, because it then ends its own tools and runs its closing hooks. What is left
after the grace period is stopped, so that nothing can fork away, and killed, round after round, until
two scans in a row find nothing. Processes are identified by pid and start time, never by pid alone.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tui.system.children.control_group import group_members, kill_group
from tui.system.processes import (
    ProcessIdentity,
    ProcessRow,
    environment_has,
    has_proc,
    is_alive,
    process_table,
    send_signal,
)

_ROUND_SECONDS = 0.02
_EMPTY_ROUNDS = 2
_GROUP_SECONDS = 1.0


@dataclass(frozen=True)
class ProcessTree:
    """What belongs to a tree: the agent, the shim that inherits its orphans, and marked processes.

    `marker` is an environment variable as `NAME=value`; `known` are members seen earlier, which may
    have cut every other tie since. With `adopts` the shim inherits every orphan while it lives; all
    that is in the control group `group` belongs to the tree.
    """

    agent: ProcessIdentity | None = None
    shim: ProcessIdentity | None = None
    marker: bytes = b""
    known: frozenset[ProcessIdentity] = frozenset()
    adopts: bool = False
    group: Path | None = None

    def is_whole(self) -> bool:
        """Whether no process that the agent started can be missing among the members.

        A daemon that left its parent, its session and its environment is found only by who inherited
        it, or by its control group.
        """
        if self.group is not None:
            return True
        return has_proc() and self.adopts and self.shim is not None and is_alive(self.shim)


@dataclass(frozen=True)
class KillResult:
    """What a kill did; `killed` and `survivors` are named as `name (pid)`.

    Only where `is_whole` is true nothing else can have survived.
    """

    polite: bool
    killed: tuple[str, ...] = ()
    survivors: tuple[str, ...] = ()
    is_whole: bool = False

    @property
    def survivors_or_unknown(self) -> list[str] | None:
        """Those that are known to have survived; None where there may be others and none is known."""
        return list(self.survivors) if self.survivors or self.is_whole else None


@dataclass
class _TreeSearch:
    tree: ProcessTree
    members: dict[ProcessIdentity, str] = field(default_factory=dict)
    sessions: set[int] = field(default_factory=set)

    def scan(self) -> list[ProcessRow]:
        """All living members; what was once a member stays one, with its children."""
        everyone = process_table()
        roots = self._roots(everyone)
        children: dict[int, list[ProcessRow]] = {}
        for process in everyone.values():
            children.setdefault(process.parent, []).append(process)
        found: dict[int, ProcessRow] = {}
        waiting = list(roots)
        while waiting:
            process = waiting.pop()
            if process.pid not in found:
                found[process.pid] = process
                waiting.extend(children.get(process.pid, ()))
        self._forget_shim(found, everyone)
        for process in found.values():
            self.members.setdefault(process.identity, process.name)
            if process.session == process.pid:
                self.sessions.add(process.session)
        return [one for one in found.values() if one.state not in "ZX"]

    def _roots(self, everyone: dict[int, ProcessRow]) -> Iterable[ProcessRow]:
        tree, own = self.tree, os.getpid()
        known = {*self.members, *tree.known}
        known.update(one for one in (tree.agent, tree.shim) if one is not None)
        group = frozenset(group_members(tree.group)) if tree.group is not None else frozenset()
        for process in everyone.values():
            if process.pid in (own, 1):
                continue
            tied = process.identity in known or process.session in self.sessions
            tied = tied or process.pid in group
            if tied or (tree.marker and environment_has(process.pid, tree.marker)):
                yield process

    def _forget_shim(self, found: dict[int, ProcessRow], everyone: dict[int, ProcessRow]) -> None:
        """Leave out the shim, which reaps and records, and this process with its ancestors."""
        if self.tree.shim is not None:
            found.pop(self.tree.shim.pid, None)
        pid = os.getpid()
        while pid and pid in everyone:
            found.pop(pid, None)
            pid = everyone[pid].parent


def find_members(tree: ProcessTree) -> list[ProcessRow]:
    """The living members of a tree, the shim left out."""
    return _TreeSearch(tree).scan()


def kill_tree(
    tree: ProcessTree, grace: float, *, limit: float = 5.0, spare: Callable[[], bool] | None = None
) -> KillResult:
    """Ends the tree: SIGTERM to the agent, then, after at most `grace` seconds, SIGKILL to all.

    Returns after `grace + limit` seconds at the latest, one more with a control group. `spare` is
    asked during the grace period; True ends it at once.
    """
    search = _TreeSearch(tree)
    search.scan()
    polite = _end_politely(tree.agent, grace, search, spare)
    killed = _kill_all(search, limit)
    survivors = search.scan()
    if survivors and tree.group is not None and not (tree.agent and is_alive(tree.agent)):
        # The shim goes with them; it has recorded the agent's end by now.
        kill_group(tree.group)
        killed += _kill_all(search, _GROUP_SECONDS)
        survivors = search.scan()
    names = tuple(f"{one.name} ({one.pid})" for one in survivors)
    return KillResult(polite, tuple(killed), names, tree.is_whole())


def _end_politely(
    agent: ProcessIdentity | None,
    grace: float,
    search: _TreeSearch,
    spare: Callable[[], bool] | None,
) -> bool:
    """Send SIGTERM and wait; True when the agent ended by itself."""
    if agent is None or not is_alive(agent):
        return True
    if grace <= 0:
        return False
    send_signal(agent, signal.SIGTERM)
    until = time.monotonic() + grace
    while is_alive(agent):
        if time.monotonic() >= until or (spare is not None and spare()):
            return False
        time.sleep(_ROUND_SECONDS)
        search.scan()
    return True


def _kill_all(search: _TreeSearch, limit: float) -> list[str]:
    until = time.monotonic() + limit
    killed: dict[ProcessIdentity, str] = {}
    empty = 0
    while empty < _EMPTY_ROUNDS and time.monotonic() < until:
        found = search.scan()
        empty = 0 if found else empty + 1
        # Stop all first, then scan again: what they forked meanwhile is found before it runs on.
        for process in found:
            send_signal(process.identity, signal.SIGSTOP)
        for process in (*found, *(search.scan() if found else ())):
            if send_signal(process.identity, signal.SIGKILL):
                killed[process.identity] = f"{process.name} ({process.pid})"
        time.sleep(_ROUND_SECONDS)
    return list(killed.values())
