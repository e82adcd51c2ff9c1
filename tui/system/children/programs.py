"""Where a program is: in an absolute folder of PATH that the watched repository has no say in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping


def find_program(
    name: str,
    environ: Mapping[str, str] = os.environ,
    outside: str | os.PathLike[str] | None = None,
) -> str | None:
    """The absolute path of a program; None where there is none.

    Empty and relative folders of PATH are left out, since they mean whatever folder this process
    stands in; so are those within `outside`. A name with a slash is a path that a person wrote,
    relative to `outside`.
    """
    if "/" in name:
        path = os.path.abspath(os.path.join(outside or "", name))
        return path if os.access(path, os.X_OK) and not os.path.isdir(path) else None
    folders = environ.get("PATH", os.defpath).split(os.pathsep)
    absolute = (folder for folder in folders if folder[:1] == "/")
    trusted = [folder for folder in absolute if not _lies_in(folder, outside)]
    return shutil.which(name, path=os.pathsep.join(trusted)) if trusted else None


def _lies_in(folder: str, outside: str | os.PathLike[str] | None) -> bool:
    if outside is None:
        return False
    top, inner = os.path.realpath(outside), os.path.realpath(folder)
    return inner == top or inner.startswith(top.rstrip("/") + "/")
