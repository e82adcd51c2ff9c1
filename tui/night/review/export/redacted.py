"""An export without credentials and personal paths."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any, Final

from msgspec import Struct, structs

from tui.model.review import Review
from tui.night.review.export.blocks import with_texts
from tui.system.credentials.hide import drop_invisible, hide_credentials


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
    its times are written.
    """

    review: Review
    sources: tuple[ExportSource, ...]
    made_at: float
    version: str
    zone_s: int = 0
    data: dict[str, Any] = {}
    named: dict[str, str] = {}
    keep_places: bool = False


def redact_export(export: Export, redact: Callable[[str], str]) -> Export:
    """`export` with every text and path in it redacted."""
    # The same few paths stand beside every line of evidence.
    redact = cache(redact)
    sources = tuple(
        structs.replace(source, name=redact(source.name), path=redact(source.path))
        for source in export.sources
    )
    named = {name: redact(path) for name, path in export.named.items()}
    review = with_texts(export.review, redact)
    return structs.replace(export, review=review, sources=sources, named=named)


USER: Final = "[user]"
HOST: Final = "[host]"
_SEGMENT: Final = r"[^/\\\s\"'`<>|:;,()\[\]{}*?=]+"
_START: Final = r"(?<![\w.~/-])"
_HOMES: Final = re.compile(
    rf"{_START}(?:/(?:var|usr|System/Volumes/Data|private/var|mnt/[a-z])(?=/))?"
    rf"/(?:home|Users)/{_SEGMENT}|{_START}/(?:var/)?root(?![\w-]|\.\w)"
    rf"|(?<![\w])[A-Za-z]:[\\/]+(?:Users|Documents and Settings)[\\/]+{_SEGMENT}"
)
_AFTER_SCHEME: Final = re.compile(rf"(?<=://)/(?:(?:home|Users)/{_SEGMENT}|root(?![\w-]|\.\w))")
_ENCODED: Final = re.compile(r"(?<=/)-(?:home|Users)-[^/\s\"'-]+|(?<=/)-root(?=[-/\s\"']|$)")
_MEDIA: Final = re.compile(rf"({_START}(?:/run)?/media/|/run/user/){_SEGMENT}(?=/|$|\s)")
_REMOTE: Final = re.compile(r"(?<![\w.@+-])[a-z_][\w.-]{0,31}@[A-Za-z0-9][\w.-]{0,252}(?=:[\w/~.])")
_FORGES: Final = re.compile(r"^git@(?:[\w-]+\.)*(?:github|gitlab|bitbucket|codeberg)\.\w+$")
_PLAIN_USERS: Final = frozenset({"root", "user", "git", "home", "src", "tests", "test", "tmp"})
_PLAIN_HOSTS: Final = frozenset({"localhost", "local", "host"})


class Redactor(Struct, frozen=True, dict=True):
    """What must not leave the machine: known secrets (longest first) and whose machine it is.

    `keep_places` leaves paths as they are, for programs on this machine that follow them. Called
    with a text it returns the text without them; called twice it changes nothing more.
    """

    known: tuple[str, ...] = ()
    home: str = ""
    user: str = ""
    host: str = ""
    keep_places: bool = False

    def __call__(self, text: str) -> str:
        # A file's name may hold bytes that are no text.
        if not text.isascii():
            text = text.encode("utf-8", "replace").decode()
        text = hide_credentials(drop_invisible(text), self.known)
        return text if self.keep_places else self._places(text)

    def _places(self, text: str) -> str:
        if not ("/" in text or "\\" in text or "@" in text):
            return text
        if self._home is not None:
            text = self._home.sub("~", text)
        text = _AFTER_SCHEME.sub("/~", _HOMES.sub("~", text))
        text = _MEDIA.sub(rf"\1{USER}", _ENCODED.sub("-~", text))
        text = _REMOTE.sub(_remote, text)
        if self._user is not None:
            text = self._user.sub(USER, text)
        return text if self._host is None else self._host.sub(HOST, text)

    @cached_property
    def _home(self) -> re.Pattern[str] | None:
        home = self.home.rstrip("/")
        if len(home) < 3 or home.count("/") < 1:
            return None
        return re.compile(rf"(?<![\w.~-]){re.escape(home)}(?![\w-]|\.\w)")

    @cached_property
    def _user(self) -> re.Pattern[str] | None:
        """The person's name as a part of a path, as an owner of one, and before an @."""
        if len(self.user) < 2 or self.user.lower() in _PLAIN_USERS:
            return None
        name = re.escape(self.user)
        return re.compile(rf"(?i)(?<=[/\\]){name}(?=[/\\\s\"':,;]|$)|(?<![\w.-]){name}(?=@)")

    @cached_property
    def _host(self) -> re.Pattern[str] | None:
        if len(self.host) < 2 or self.host.lower() in _PLAIN_HOSTS:
            return None
        name = re.escape(self.host.split(".", 1)[0]) + r"(?:\.[\w-]+){0,4}"
        return re.compile(rf"(?i)(?<=[@/\\]){name}(?=[/\\\s\"':,;]|$)|(?<![\w.-]){name}(?=:[/~])")


def _remote(match: re.Match[str]) -> str:
    """`somebody@machine:path` names both; a forge's own `git@` names nobody."""
    address = match.group()
    return address if _FORGES.match(address) else f"{USER}@{HOST}"
