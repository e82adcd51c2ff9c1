"""The tree of a conversation: what a person took back with `/rewind`, and went on beside.

Records name the one that they follow. A prompt that follows a record that was already followed by others begins
a new branch; those others are abandoned. Parallel calls branch too, but no prompt begins there.
"""

from __future__ import annotations

from msgspec import Struct

from tui.model.events import AssistantMessage, UserMessage
from tui.model.evidence.log import AbandonedBranch

_UUID = 36
_KEY = 13
"""So many characters of an id, 48 bits of it, tell the records of one file apart."""
_OFFSET = 8
_MOST = 1 << 18
_MOST_KEPT = 1_000
_BEGINNINGS = frozenset(("prompt", "synthetic", "note"))


class _Branches(Struct):
    """The main conversation of one file: which record each follows, where it stands, what it is worth."""

    parents: bytearray = bytearray()
    offsets: bytearray = bytearray()
    worth: bytearray = bytearray()

    def forget_older_half(self) -> None:
        half = _MOST // 2
        del self.parents[: half * _KEY], self.offsets[: half * _OFFSET], self.worth[:half]

    def first_after(self, parent: bytes) -> int | None:
        """Where the first record stands that follows this one, if what came of it is worth a word.

        A call without an answer is not: the CLI drops it when a killed session is resumed.
        """
        place = self.parents.find(parent)
        while place >= 0 and place % _KEY:
            place = self.parents.find(parent, place + 1)
        number = place // _KEY
        if place < 0 or not any(self.worth[number:]):
            return None
        start = number * _OFFSET
        return int.from_bytes(self.offsets[start : start + _OFFSET], "big")


class ConversationTree(Struct):
    """The branches of each file, and those that were abandoned."""

    files: dict[int, _Branches] = {}
    abandoned: list[AbandonedBranch] = []

    def add(
        self,
        number: int,
        source: str,
        offset: int,
        parent: str,
        body: UserMessage | AssistantMessage,
        at: float | None,
    ) -> AbandonedBranch | None:
        """A record of the main conversation; the branch that it abandons, if it begins a new one."""
        if len(parent) != _UUID or not parent.isascii():
            return None
        key = parent[:_KEY].encode()
        branches = self.files.get(number)
        if branches is None:
            branches = self.files[number] = _Branches()
        found = None
        if isinstance(body, UserMessage):
            worth = 1
            if body.role in _BEGINNINGS and body.origin != "queued":
                start = branches.first_after(key)
                if start is not None:
                    found = AbandonedBranch(source, start, offset, at)
                    self.abandoned.append(found)
                    del self.abandoned[:-_MOST_KEPT]
        else:
            worth = int(bool(body.text) and not body.tools and not body.thinking)
        branches.parents += key
        branches.offsets += offset.to_bytes(_OFFSET, "big")
        branches.worth.append(worth)
        if len(branches.worth) > _MOST:
            branches.forget_older_half()
        return found
