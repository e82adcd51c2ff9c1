"""What an export holds beside the review: what it was made from, by what, and when."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from msgspec import Struct, structs

from tui.night.review.model import Review
from tui.night.review.texts import with_texts


class ExportSource(Struct, frozen=True):
    """A file the review rests on, as it was: its bytes and their SHA-256; empty if unreadable."""

    name: str
    path: str
    size: int
    sha256: str


class Export(Struct, frozen=True):
    """A review that may leave the machine: `review`, paths and `data` are redacted.

    `data` is the object of `review --json`, made from the same review; `named` are the sources that
    were named by hand. `keep_places` says that paths were left whole.

    `made_at` is the moment the review is of, seconds since the epoch; `zone_s` the offset in which
    its times are told.
    """

    review: Review
    sources: tuple[ExportSource, ...]
    made_at: float
    version: str
    zone_s: int = 0
    data: dict[str, Any] = {}
    named: dict[str, str] = {}
    keep_places: bool = False


def leaving(export: Export, redact: Callable[[str], str]) -> Export:
    """`export` with every text and path in it redacted."""
    redact = cache(redact)  # the same few paths stand beside every line of evidence
    sources = tuple(
        structs.replace(one, name=redact(one.name), path=redact(one.path)) for one in export.sources
    )
    named = {name: redact(path) for name, path in export.named.items()}
    review = with_texts(export.review, redact)
    return structs.replace(export, review=review, sources=sources, named=named)
