"""Who asks for an operation."""

from __future__ import annotations

from enum import StrEnum


class Requester(StrEnum):
    """Where a request came from; the journal keeps it as `by`."""

    KEY = "key"
    COMMAND = "command"
    HOOK = "hook"
    PHONE = "phone"
    SUPERVISOR = "supervisor"
