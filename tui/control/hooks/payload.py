"""What Claude Code tells a hook, and which project a hook that is installed for every project is called for.

Called after each tool, so this imports next to nothing.
"""

from __future__ import annotations

import json
import os
from typing import Any, Final, NamedTuple

from tui.control.hooks.private_folders import is_session_id
from tui.store.state_names import MAILBOX, PROJECTS, project_folder_name
from tui.system import paths

ANY_PROJECT: Final = "-"
"""Stands for a mailbox in the hook of every project."""


class HookCall(NamedTuple):
    """One call: `is_main` unless a subagent makes it; `fields` are what its event tells beside."""

    event: str
    session: str
    is_main: bool
    fields: dict[str, Any]

    def text(self, key: str) -> str:
        """What the payload says of it; empty where that is no text."""
        value = self.fields.get(key)
        return value if isinstance(value, str) else ""

    @property
    def folder(self) -> str:
        """The folder that the session works in, as a physical path; empty where it is not given."""
        folder = self.text("cwd")
        return os.path.realpath(folder) if folder.startswith("/") and "\0" not in folder else ""


def read_call(event: str, payload: bytes) -> HookCall | None:
    """The call that the payload describes; None for what is no payload of a session."""
    try:
        fields = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    session = fields.get("session_id")
    if not isinstance(session, str) or not is_session_id(session):
        return None
    return HookCall(event, session, "agent_id" not in fields, fields)


def mailbox_of(call: HookCall) -> str:
    """The mailbox of the project that a session works in: the nearest that is there; empty for none.

    Folders above the top of the repository are other projects.
    """
    projects = os.path.join(paths.state_dir_text(), PROJECTS)
    folder = call.folder
    while folder:
        mailbox = os.path.join(projects, project_folder_name(folder), MAILBOX)
        if os.path.lexists(mailbox):
            return mailbox
        above = os.path.dirname(folder)
        if above == folder or os.path.lexists(os.path.join(folder, ".git")):
            break
        folder = above
    return ""
