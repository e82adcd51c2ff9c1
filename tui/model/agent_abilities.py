"""What the agent's CLI can do, as far as it has shown it."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from msgspec import Struct

TRIED_RESUME_AT: Final = (2, 1)
"""From this version on, resuming a conversation at one of its events was tried and works."""


class AgentAbilities(Struct, frozen=True):
    """What a version of Claude Code can do; None: nothing has shown it yet.

    `receipts`: it says what becomes of each message. `withdraws`: it takes back one that waits.
    `resumes_at`: it resumes a conversation at one of its events.
    """

    version: str = ""
    receipts: bool = False
    withdraws: bool | None = None
    resumes_at: bool | None = None

    @classmethod
    def of(cls, version: str, capabilities: Collection[str]) -> AgentAbilities:
        """What follows from the version and the capabilities that it names at the start of a turn."""
        receipts = "msg_lifecycle_v1" in capabilities
        found = re.match(r"(\d+)\.(\d+)", version)
        number = (int(found[1]), int(found[2])) if found else ()
        at = True if number >= TRIED_RESUME_AT else None
        return cls(version, receipts, True if receipts else None, at)

    @property
    def no_withdrawal(self) -> str:
        """Why a message cannot be taken back; empty where it can, or may."""
        if self.withdraws is not False:
            return ""
        return f"Claude Code {self.version} takes no message back; it reads it after the tool that runs"

    @property
    def no_resuming_at(self) -> str:
        """Why a conversation cannot be rewound; empty where it can, or may."""
        if self.resumes_at is not False:
            return ""
        newer = ".".join(map(str, TRIED_RESUME_AT))
        return (
            f"Claude Code {self.version} does not go back in a conversation: it resumes at the end, whatever "
            f"it is told; update it to {newer} or newer, or rewind the files alone"
        )
