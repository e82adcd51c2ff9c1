"""Takes credentials and control sequences out of words that a channel carries away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tui.feeds.sanitize import strip_ansi
from tui.redact import HIDDEN, hide, secret_variables, spellings, visible

__all__ = ["HIDDEN", "redact", "secret_variables", "spellings"]

_MOST: Final = 20_000


def redact(text: str, known: Iterable[str] = ()) -> str:
    """`text`, cleaned of control sequences, with credentials as `[hidden]`.

    `known` are secrets to be found literally, longest first. At most 20,000 characters are kept.
    """
    known = tuple(known)
    # Before as well: a sequence may swallow the first letter that a key is known by.
    text = strip_ansi(visible(hide(text[:_MOST], known)))
    return hide(text, known)
