"""The kinds of journal entries, one typed struct each.

Text in a record has been through the sanitising door and is safe to show; bodies that may be
large stay in their file and are fetched by `Ref` when somebody looks. Times are seconds since the
epoch, UTC; `None` means the source did not say. The wire formats are those of Claude Code's
`stream-json` output and of its transcripts; one `Event` stands for one JSON record of either.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class JournalEntry(Struct, frozen=True, gc=False):
    """One deed or observation of runner or control; docs/architecture.md lists kinds and keys."""

    at: float
    kind: str
    id: str = ""
    data: dict[str, Any] = {}
    source: str = ""
    offset: int = 0
