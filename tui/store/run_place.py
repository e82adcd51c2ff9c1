"""On which machine a run lives: a home can be shared by several, and a container sees the same paths."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from msgspec import Struct

from tui.store.layout import RunDirectory
from tui.store.state_names import short_digest
from tui.system.files import read_small
from tui.system.locks import is_held
from tui.system.processes import boot_id, pid_namespace

_MACHINE_IDS: Final = ("/etc/machine-id", "/var/lib/dbus/machine-id")


class RunPlace(Struct, frozen=True):
    """A machine as its runs remember it; each is empty where it is not known.

    `machine` is a digest of the machine's id, `boot` the id of its boot, `pid_namespace` tells the containers
    of one machine apart.
    """

    host: str = ""
    machine: str = ""
    boot: str = ""
    pid_namespace: str = ""

    @staticmethod
    def of_facts(facts: Mapping[str, Any]) -> RunPlace:
        """The place that a run's facts name."""
        words = {key: facts.get(key) for key in RunPlace.__struct_fields__}
        return RunPlace(**{key: word for key, word in words.items() if isinstance(word, str)})


@cache
def this_place() -> RunPlace:
    """Where this process runs."""
    ids = (read_small(path, 64, follow=True).strip() for path in _MACHINE_IDS)
    machine = next(filter(None, ids), b"")
    digest = short_digest(b"overnight-tui " + machine) if machine else ""
    return RunPlace(os.uname().nodename, digest, boot_id(), pid_namespace())


def is_here(run: RunDirectory, place: RunPlace, here: RunPlace | None = None) -> bool:
    """Whether a run of that place lives, or lived, on this machine, so that its processes would be found here.

    One that names no place, as those of version 0.1, counts as here. After a new start of the machine its
    runs are still here.
    """
    here = here or this_place()
    if not any((place.host, place.machine, place.boot)):
        return True
    same_host = place.host == here.host
    if place.boot and place.boot == here.boot:
        if not place.pid_namespace or place.pid_namespace == here.pid_namespace:
            return bool(place.pid_namespace) or same_host
        # Another container, or this one before it was started anew: then nobody holds its locks.
        return same_host and not _is_held(run)
    if place.machine and here.machine:
        return same_host and place.machine == here.machine
    return same_host


def _is_held(run: RunDirectory) -> bool:
    """Whether a supervisor or shim of the run lives in any container of this machine."""
    attempts = (run.attempt(number).lock for number in run.attempt_numbers()[-3:])
    return any(map(is_held, (run.lock, *attempts)))
