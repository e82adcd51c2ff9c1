"""Files that sessions keep about their work."""

from __future__ import annotations

from tui.system.lazy_pattern import lazy

_NAMES = frozenset("progress note notes handover handoff todo todos plan status journal".split())
_WORD = lazy(r"[a-z]+")


def is_note(path: str) -> bool:
    """Whether a file is one that sessions keep about their work, by its name."""
    name = path.rsplit("/", 1)[-1].lower()
    return name.endswith((".md", ".txt")) and not _NAMES.isdisjoint(_WORD.findall(name))
