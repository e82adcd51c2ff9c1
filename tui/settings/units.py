"""The vocabulary settings are declared in: units with their ranges, secrets, and `documented`."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

Hours = Annotated[float, Meta(ge=0.01, le=1000, extra={"unit": "hours"})]
Minutes = Annotated[float, Meta(ge=0.01, le=10_000, extra={"unit": "minutes"})]
Seconds = Annotated[float, Meta(ge=0.1, le=86_400, extra={"unit": "seconds"})]
Milliseconds = Annotated[int, Meta(ge=10, le=10_000, extra={"unit": "milliseconds"})]
Days = Annotated[int, Meta(ge=1, le=3650, extra={"unit": "days"})]
Percent = Annotated[float, Meta(ge=0, le=100, extra={"unit": "%"})]
Usd = Annotated[float, Meta(ge=0.001, le=1_000_000, extra={"unit": "USD"})]
UsdPerMillion = Annotated[float, Meta(ge=0, le=100_000, extra={"unit": "USD per million tokens"})]
MiB = Annotated[int, Meta(ge=1, le=1_000_000, extra={"unit": "MiB"})]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Repeats = Annotated[int, Meta(ge=2, le=1000, extra={"unit": "repeats"})]
Rounds = Annotated[int, Meta(ge=1, le=1000)]
Share = Annotated[float, Meta(ge=0.05, le=0.99)]

HARMLESS: Final = ""
PROGRAM: Final = "runs a program"
SENDS: Final = "sends words to another machine"
LIMIT: Final = "loosens a limit"
LEAVE: Final = "lets the agent do more without asking"
OUTSIDE: Final = "reaches outside the project or into its hidden folders"
TELLS: Final = "changes what you are told"
KEEPS: Final = "changes what can be gone back to"
COSTS: Final = "changes what is spent, or what is shown as spent"
SPEAKS: Final = "speaks to the agent in your name"
MACHINE: Final = "changes how this machine is used"

LOWER: Final = "may only lower it"
HIGHER: Final = "may only raise it"
ON: Final = "may only switch it on"
OFF: Final = "may only switch it off"
ADDS: Final = "only adds to it"
FEWER: Final = "may only take from it"
INSIDE: Final = "may name what is not hidden inside the project"
STRICTER: Final = "may only go to the left"

HIDDEN: Final = "…"


class Secret(Struct, frozen=True, order=True, repr_omit_defaults=True):
    """Text that shows itself only to `reveal()`; printed, logged or formatted it is masked.

    `of_project` says that a project's file gave it: used, but never to reach this machine or its network.
    """

    _text: str
    of_project: bool = False

    def reveal(self) -> str:
        """The text itself, for the one call that needs it."""
        return self._text

    def masked(self) -> str:
        """What may be shown: an http URL keeps scheme and host, all else only its scheme."""
        scheme, separator, rest = self._text.partition("://")
        if not separator or not scheme.replace("+", "").isalnum() or not scheme.isascii():
            return HIDDEN
        if scheme.lower() not in ("http", "https"):
            return f"{scheme}://{HIDDEN}"
        host = rest.partition("/")[0].partition("?")[0].partition("#")[0].rpartition("@")[2]
        shown = host if host.isascii() and host.isprintable() else HIDDEN
        return f"{scheme}://{shown}/{HIDDEN}"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return f"Secret({self.masked()})"

    def __str__(self) -> str:
        return self.masked()

    def __format__(self, spec: str) -> str:
        return format(self.masked(), spec)


def documented(sentence: str, power: str, free: str = "", **facts: object) -> Meta:
    """Documents a field and decides what a project's own file may do with it.

    `power` says what such a file could do to its reader; HARMLESS fields it sets freely. A field with a power
    needs trust, except for what `free` allows, always compared with the value that the person's own file or the
    built-in defaults give: LOWER and HIGHER (null counts as the highest), ON and OFF, ADDS (entries are
    added to those below), FEWER, INSIDE, STRICTER (than in `order`, from strict to loose).

    The other facts are fields of `describe.SettingField`: `own` leaves a field to the person alone,
    trust or not; `variable` names another environment variable that gives the default; `example`
    shows what its pattern means; `words` marks a command line that plain text is split into, `urls`
    text that must be a URL, `block` text of several lines, `rising` numbers of which each is above the one
    before; `choices` are the words that a text may be, `names` the keys that a table may have; `hints` are
    what is said of a word that is no choice, and means something elsewhere.
    """
    return Meta(description=sentence, extra={"power": power, "free": free, **facts})
