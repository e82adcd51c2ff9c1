"""What a tool call changes, as numbers: the content of a file, and tasks that are done."""

from __future__ import annotations

from operator import mul
from zlib import crc32

from msgspec import Struct

MASK = (1 << 63) - 1
"""Digests are added and subtracted modulo 2**63."""


class ToolChange(Struct, frozen=True, gc=False):
    """What an edit takes out of a file and puts in, and a number for each task that a call says is completed.

    The content of a file, as a number, changes by `written` - `removed`; it is `written` where `removed`
    is 0. Both are 0 where nobody can tell.
    """

    removed: int = 0
    written: int = 0
    ticked: tuple[int, ...] = ()


NO_CHANGE = ToolChange()


def line_digest(text: str) -> int:
    """The sum over the lines of a text, indentation aside, 0 for a text without a word.

    Texts of the same lines in another order have the same sum: `exact_digest` tells those apart.
    """
    if not text:
        return 0
    lines = map(bytes.strip, text.encode("utf-8", "surrogatepass").split(b"\n"))
    sums = list(map(crc32, lines))
    # The square keeps changes apart that flip the same bits in two lines.
    total: int = sum(map(mul, sums, sums))
    return total & MASK


def exact_digest(text: str) -> int:
    """A number that stands for just this text, equal in every process."""
    data = text.encode("utf-8", "surrogatepass")
    return (crc32(data) << 31 ^ crc32(data[::-1])) & MASK
