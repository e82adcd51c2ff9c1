"""Where a program is: in an absolute folder of PATH that the watched repository has no say in."""

from __future__ import annotations

import os
from collections.abc import Mapping

_kept_out: set[str] = set()


def keep_out(project: str | os.PathLike[str]) -> None:
    """From now on this process finds no program in that folder by its bare name: the project is watched here.

    An activated environment puts a folder of the project on PATH, and the agent may write there.
    """
    _kept_out.add(os.fspath(project))


def find_program(
    name: str,
    environ: Mapping[str, str] = os.environ,
    outside: str | os.PathLike[str] | None = None,
) -> str | None:
    """The absolute path of a program; None where there is none.

    Empty and relative folders of PATH are left out, since they mean whatever folder this process
    stands in; so are those within `outside`, or within what is kept out. A name with a slash is a path
    that a person wrote, relative to `outside`.
    """
    if "/" in name:
        path = os.path.abspath(os.path.join(outside or "", name))
        return path if os.access(path, os.X_OK) and not os.path.isdir(path) else None
    folders = environ.get("PATH", os.defpath).split(os.pathsep)
    absolute = (folder for folder in folders if folder[:1] == "/")
    import shutil  # late: every command imports this module

    tops = {*_kept_out, *([] if outside is None else [os.fspath(outside)])}
    trusted = [folder for folder in absolute if not any(_lies_in(folder, top) for top in tops)]
    return shutil.which(name, path=os.pathsep.join(trusted)) if trusted else None


def _lies_in(folder: str, outside: str) -> bool:
    top, inner = os.path.realpath(outside), os.path.realpath(folder)
    return inner == top or inner.startswith(top.rstrip("/") + "/")
