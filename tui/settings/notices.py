"""Sentences about what was given and does nothing, above all what a project's file may not set by itself."""

from __future__ import annotations

from typing import Final, NamedTuple

from tui.settings.settings import FILE, LoadedSettings, user_file
from tui.system.format import format_count

_MOST_NAMED: Final = 6


class Notice(NamedTuple):
    """What is so, and what to do about it."""

    text: str
    advice: str

    @property
    def sentence(self) -> str:
        return f"{self.text}; {self.advice}."


def notices_of(loaded: LoadedSettings) -> list[str]:
    """Remarks about what was given, though nothing is wrong with it."""
    unused = ", ".join(loaded.unused)
    notice = f"Accepted and without effect, as only the original system reads them: {unused}."
    ignored = [notice.sentence for notice in ignored_notices(loaded)]
    return [*ignored, *loaded.notices, *([notice] if unused else [])]


def ignored_notices(loaded: LoadedSettings, *, changed: bool = False) -> list[Notice]:
    """What the project's file sets without effect; `changed` says that an earlier version is trusted."""
    kept = [ask for ask in loaded.asks if ask.key in loaded.ignored]
    found = []
    untrusted = [f"{ask.key} ({ask.power})" for ask in kept if ask.needs == "trust"]
    if untrusted:
        why = "changed since you trusted it" if changed else "is not trusted"
        text = f"{FILE} {why}, so it does not set {_some(untrusted)}"
        found.append(
            Notice(text, "`overnight-tui trust` shows all of it and asks whether you trust it")
        )
    for ask in kept:
        if ask.needs == "own":
            text = f"{ask.where}: {ask.key} is heeded in your own file only"
            found.append(Notice(text, f"set it in {user_file()} if you want it"))
        elif ask.needs == "variables":
            text = f"{ask.where}: {ask.key} is not set, as it names a variable of your environment"
            advice = "write the value; variables are filled in in webhooks, URLs and agent.env only"
            found.append(Notice(text, advice))
    return found


def ignored_line(loaded: LoadedSettings) -> tuple[str, str]:
    """The same for one line of a screen, in full and as short as can be; empty where nothing is ignored."""
    if not loaded.ignored:
        return "", ""
    named, count = _some(list(loaded.ignored), 3), len(loaded.ignored)
    return (
        f"{FILE} is not trusted and does not set {named}: see overnight-tui trust",
        f"{format_count(count, 'key')} ignored: overnight-tui trust",
    )


def _some(words: list[str], most: int = _MOST_NAMED) -> str:
    rest = len(words) - most
    return ", ".join(words[:most]) + (f" and {rest} more" if rest > 0 else "")
