"""Names in our state folder that a hook call needs, made after each tool: this imports next to nothing.

`store/layout` has all the rest, and the paths.
"""

from __future__ import annotations

import os
from typing import Final

PROJECTS: Final = "projects"
RUNS: Final = "runs"
OPERATIONS: Final = "deeds"
MAILBOX: Final = "mailbox"
HOOK_SESSIONS: Final = "hooks"
JOURNAL: Final = "journal.jsonl"
RULES: Final = "protect.json"
PROJECT_FILE: Final = "project.json"
UNIT_VARIABLE: Final = "OVERNIGHT_UNIT"
"""In the environment of a start by a unit or by cron: the name of its schedule."""
_LONGEST_NAME: Final = 40


def short_digest(data: bytes) -> str:
    """Sixteen characters that stand for these bytes."""
    try:
        from _blake2 import blake2b  # `hashlib` loads OpenSSL with it, which takes 4 ms
    except ImportError:
        from hashlib import blake2b

    return blake2b(data, digest_size=8).hexdigest()


def project_folder_name(physical: str) -> str:
    """The name of the state folder of a project at that physical path: readable, and unlike any other's."""
    letters = "".join(
        one if one.isascii() and (one.isalnum() or one in "._-") else " "
        for one in os.path.basename(physical)
    )
    name = "-".join(letters.split()).strip("-.")[:_LONGEST_NAME]
    return f"{name or 'project'}-{short_digest(os.fsencode(physical))}"
