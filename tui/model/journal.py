"""One entry of a journal."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

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


class Requester(StrEnum):
    """Where a request came from; the journal keeps it as `by`."""

    KEY = "key"
    COMMAND = "command"
    HOOK = "hook"
    PHONE = "phone"
    SUPERVISOR = "supervisor"
