"""Home and our folders as text: for what starts often and must not load more than that."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME: Final = "overnight-tui"


def home(environ: Mapping[str, str] = os.environ) -> str:
    """The person's home; a folder of this user in the temporary one where there is none."""
    value = environ.get("HOME", "")
    if value.startswith("/"):
        return value
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        import tempfile

        return os.path.join(tempfile.gettempdir(), f"{_NAME}-{os.getuid()}")


def state_dir(environ: Mapping[str, str] = os.environ) -> str:
    """Our folder in `$XDG_STATE_HOME`: what must be kept. It may not exist yet."""
    return own_folder(environ, "XDG_STATE_HOME", ".local/state")


def own_folder(environ: Mapping[str, str], variable: str, otherwise: str) -> str:
    """Our folder in one of the XDG folders; `otherwise` is relative to the home."""
    # The XDG specification says that relative values are ignored.
    value = environ.get(variable, "")
    base = value if value.startswith("/") else os.path.join(home(environ), otherwise)
    return os.path.join(base, _NAME)
