"""A control group (version 2) for one agent: what the agent starts stays in it, whatever ties it cuts.

Two ways lead to one. `systemd-run --user --scope` asks the person's systemd for it; where no systemd
runs, as in a container, a group is made below our own if that was handed over to us. Neither is used
where it would shorten a session's life: without lingering, systemd ends its scopes at the logout, which
a process of a plain login outlives.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tui.system.children.programs import find_program
from tui.system.processes import control_group

PREFIX = "overnight-"
_MOST_GROUPS = 200
_SYSTEMCTL_SECONDS = 2.0
_OPTIONS = ("--user", "--scope", "--quiet", "--collect")
# Else systemd ends all of a scope when the kernel ends one process for want of memory. Before version 253
# it neither did that nor knew the property.
_PROPERTIES = (("--property=OOMPolicy=continue",), ())


@dataclass(frozen=True)
class GroupPlaces:
    """Where this machine keeps its control groups; `own` is the group of this process."""

    roots: tuple[Path, ...] = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"))
    booted: Path = Path("/run/systemd/system")
    linger: Path = Path("/var/lib/systemd/linger")
    own: str | None = None

    @property
    def root(self) -> Path | None:
        """The top of the hierarchy; None where there is none."""
        return next((one for one in self.roots if (one / "cgroup.controllers").exists()), None)

    @property
    def own_group(self) -> str:
        return control_group(os.getpid()) if self.own is None else self.own


def scope_launchers(
    name: str, environ: Mapping[str, str], places: GroupPlaces | None = None
) -> list[list[str]]:
    """The words to put before a command so that it runs in a scope of that name, to be tried in turn.

    Empty where there is no systemd to ask, or where the scope would end with the login.
    """
    places = places or GroupPlaces()
    program = find_program("systemd-run", environ)
    if program is None or (places.booted.exists() and not _outlives_login(places)):
        return []
    unit = f"--unit={name}"
    return [[program, *_OPTIONS, unit, *extra, "--"] for extra in _PROPERTIES]


def _outlives_login(places: GroupPlaces) -> bool:
    own_manager = f"user@{os.getuid()}.service"
    return (places.linger / _user_name()).exists() or own_manager in places.own_group.split("/")


def _user_name() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def make_group(name: str, places: GroupPlaces | None = None) -> Path | None:
    """A new group of that name below our own; None where it is not ours to divide."""
    places = places or GroupPlaces()
    root, own = places.root, places.own_group
    if root is None or not own:
        return None
    above = root / own.lstrip("/")
    if places.booted.exists() and not _is_delegated(above):
        return None
    folder = above / name
    try:
        folder.mkdir()
    except OSError:
        return None
    if os.access(folder / "cgroup.procs", os.W_OK):
        return folder
    remove_group(folder)
    return None


def _is_delegated(folder: Path) -> bool:
    try:
        return os.getxattr(folder, "user.delegate") == b"1"
    except (OSError, AttributeError):
        return False


def group_folder(group: str, places: GroupPlaces | None = None) -> Path | None:
    """Where a group that one of our agents was started in lies; None for any other group."""
    places = places or GroupPlaces()
    parts = group.split("/")
    if places.root is None or ".." in parts or not parts[-1].startswith(PREFIX):
        return None
    return places.root.joinpath(*filter(None, parts))


def group_members(folder: Path) -> list[int]:
    """The processes in a group and in the groups below it; none where it is gone."""
    found: list[int] = []
    for number, (inner, _, _) in enumerate(os.walk(folder)):
        if number >= _MOST_GROUPS:
            break
        with suppress(OSError, ValueError):
            found += map(int, Path(inner, "cgroup.procs").read_text("ascii").split())
    return found


def kill_group(folder: Path, environ: Mapping[str, str] = os.environ) -> None:
    """Sends SIGKILL to all of a group at once; the kernel does, or systemd where it cannot."""
    try:
        (folder / "cgroup.kill").write_text("1", encoding="ascii")
        return
    except OSError:  # before Linux 5.14
        program = find_program("systemctl", environ)
    if program is None or folder.suffix != ".scope":
        return
    import subprocess

    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(
            [program, "--user", "kill", "--signal=SIGKILL", folder.name],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SYSTEMCTL_SECONDS,
            check=False,
        )


def remove_group(folder: Path) -> None:
    """Removes a group in which nothing runs any more."""
    with suppress(OSError):
        folder.rmdir()
