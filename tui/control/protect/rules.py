"""What is protected, and the file in our state that keeps it.

Loading settings takes longer than all of a hook call, so what they say is kept in a small file of our own, with
the stamps of the files that it was made of.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from tui.model.permissions.denied_commands import DeniedCommand

_MOST_RULES: Final = 500
_LONGEST: Final = 1_000
_SCHEMA: Final = 1

Stamp = tuple[str, int, int, int]
"""A file, with its time of change, size and inode as they were; zeros where there was none."""


class Rules(NamedTuple):
    """What may not be touched.

    `paths` may be neither read nor written, `written` not written; both are globs from the project's top, or
    absolute. `commands` are beginnings of commands by words, `denied` what the permissions of a run deny.
    """

    paths: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    denied: tuple[DeniedCommand, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is protected."""
        return not any(self)


class KeptRules(NamedTuple):
    """The rules of a project as a file of ours keeps them, and the files that they were made of."""

    project: str
    rules: Rules
    sources: tuple[Stamp, ...] = ()

    def are_current(self) -> bool:
        """Whether every file that they were made of is as it was."""
        return all(stamp_of(stamp[0]) == stamp for stamp in self.sources)


def stamp_of(path: str) -> Stamp:
    """How a file is now."""
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return path, 0, 0, 0
    return path, facts.st_mtime_ns, facts.st_size, facts.st_ino


def encode_rules(kept: KeptRules) -> bytes:
    """The file of a project's rules."""
    whole = {"schema": _SCHEMA, "project": kept.project, "sources": kept.sources}
    denied = [one._asdict() for one in kept.rules.denied]
    return json.dumps({**whole, **kept.rules._asdict(), "denied": denied}).encode()


def decode_rules(data: bytes) -> KeptRules:
    """The rules in such a file; ValueError where it is none."""
    whole = json.loads(data)
    if not isinstance(whole, dict) or whole.get("schema") != _SCHEMA:
        raise ValueError("it holds no rules of this version")
    project, sources = whole.get("project"), whole.get("sources")
    if not isinstance(project, str) or not project.startswith("/"):
        raise ValueError("it names no project")
    if not isinstance(sources, list):
        raise ValueError("it does not say what it was made of")
    rules = Rules(
        paths=_texts(whole.get("paths")),
        commands=_texts(whole.get("commands")),
        written=_texts(whole.get("written")),
        denied=_denied(whole.get("denied")),
    )
    return KeptRules(project, rules, tuple(map(_stamp, sources)))


def _denied(value: object) -> tuple[DeniedCommand, ...]:
    entries: Sequence[dict[str, Any]] = value if isinstance(value, list) else ()
    if not entries:
        return ()
    from tui.model.permissions.denied_commands import DeniedCommand, DeniedKind  # of runs only

    return tuple(
        DeniedCommand(
            DeniedKind(one["kind"]),
            tuple(one["words"]),
            tuple(one["signs"]),
            tuple(one["unless"]),
            bool(one["only"]),
        )
        for one in entries
    )


def _stamp(entry: object) -> Stamp:
    if not isinstance(entry, list) or len(entry) != 4 or not isinstance(entry[0], str):
        raise ValueError("it does not say what it was made of")
    return entry[0], int(entry[1]), int(entry[2]), int(entry[3])


def _texts(value: object) -> tuple[str, ...]:
    """The entries that can be rules."""
    entries: Sequence[object] = value if isinstance(value, list) else ()
    return clean_rules(one for one in entries if isinstance(one, str))


def clean_rules(texts: Iterable[str]) -> tuple[str, ...]:
    """Rules without what cannot be one: empty, endless, a second time."""
    short = (one.strip() for one in texts if len(one) <= _LONGEST)
    return tuple(dict.fromkeys(filter(None, short)))[:_MOST_RULES]
