"""One entry of a journal."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct


class JournalEntry(Struct, frozen=True, gc=False):
    """Something that a person, the supervisor or an operation did or saw.

    docs/architecture.md lists the kinds and the keys of their `data`, which is cleaned.
    """

    at: float
    kind: str
    id: str = ""
    data: dict[str, Any] = {}
    source: str = ""
    offset: int = 0


HookEffect = Literal["blocked", "denied", "saved", "handed over", "let go", "failed"]
"""What a hook call of ours did: the `effect` of an entry of kind `hook`.

`blocked`: the session goes on though it was about to stop; `denied`: a tool call was not let run;
`saved`: what a compaction or an end would lose is kept; `handed over`: the session was given a note;
`let go`: it may stop, though tasks are open; `failed`: the call could not do its part.
"""


class Requester(StrEnum):
    """Where a request came from; the journal keeps it as `by`."""

    KEY = "key"
    COMMAND = "command"
    HOOK = "hook"
    PHONE = "phone"
    SUPERVISOR = "supervisor"
