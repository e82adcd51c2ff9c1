"""All settings as one frozen value, and where each of them came from.

The sections are declared in `original_sections` (those of the original system's file) and
`own_sections`; all documentation of a setting is made from there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Struct

import tui.settings.original_sections as original
import tui.settings.own_sections as own
from tui.settings.units import COSTS, documented
from tui.system import paths

FILE: Final = "config/overnight.yaml"
"""The project's file, relative to the project."""

_USER_FILE: Final = "config.yaml"

Origin = Literal["default", "user", "file", "environment", "flag"]
"""Whose word a setting is: "user" is the person's own file, "file" the project's."""


def user_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the person's own file lies, if there is one."""
    return paths.config_dir(environ) / _USER_FILE


def user_file(environ: Mapping[str, str] = os.environ) -> str:
    """The same as it is shown."""
    return shown_path(user_path(environ), environ)


def shown_path(path: Path, environ: Mapping[str, str] = os.environ) -> str:
    """A path as a person reads it, with `~` for the home; nothing in it acts on a terminal."""
    text, home = os.fspath(path), os.fspath(paths.home(environ)).rstrip("/")
    short = f"~{text.removeprefix(home)}" if home and text.startswith(f"{home}/") else text
    return short if short.isprintable() else repr(short)


class Settings(Struct, frozen=True):
    """Everything that can be set, each value valid."""

    session: original.SessionSettings = original.SessionSettings()
    budget: original.BudgetSettings = original.BudgetSettings()
    recovery: original.RecoverySettings = original.RecoverySettings()
    enforcement: original.EnforcementSettings = original.EnforcementSettings()
    notifications: original.NotificationsSettings = original.NotificationsSettings()
    watchdog: original.WatchdogSettings = original.WatchdogSettings()
    logging: original.LoggingSettings = original.LoggingSettings()
    paths: original.PathsSettings = original.PathsSettings()
    agent: own.AgentSettings = own.AgentSettings()
    screen: own.ScreenSettings = own.ScreenSettings()
    stalls: own.StallsSettings = own.StallsSettings()
    checkpoints: own.CheckpointsSettings = own.CheckpointsSettings()
    review: own.ReviewSettings = own.ReviewSettings()
    protect: own.ProtectSettings = own.ProtectSettings()
    limits: own.LimitsSettings = own.LimitsSettings()
    commits: own.CommitsSettings = own.CommitsSettings()
    prices: Annotated[
        dict[str, own.ModelPrice],
        documented("Prices by model; they go before the built-in table.", COSTS),
    ] = msgspec.field(default_factory=dict)
    prices_file: Annotated[
        str | None,
        documented(
            "File of prices in LiteLLM's format, from / or ~; before the built-in table, after `prices`.",
            COSTS,
        ),
    ] = None

    def dotted_keys(self) -> Iterator[str]:
        """Every dotted key, in the order of declaration."""
        for name in self.__struct_fields__:
            section = getattr(self, name)
            if isinstance(section, Struct):
                yield from (f"{name}.{key}" for key in section.__struct_fields__)
            else:
                yield name

    def value(self, key: str) -> Any:
        """The value of a dotted key."""
        section, dot, name = key.partition(".")
        return getattr(getattr(self, section), name) if dot else getattr(self, section)


class ProjectAsk(Struct, frozen=True):
    """A setting by which the project's file would do more than configure.

    `power` says what; `needs` is "trust", "own" where only the person's own file, a variable or a flag may
    set it, "variables" where it names a variable that is not filled in there. `shown` is the value as it
    is written, fit to be shown: secrets hidden, one line. `mark` tells whether it changed.
    """

    key: str
    power: str
    needs: Literal["trust", "own", "variables"]
    where: str
    shown: str
    mark: str


class LoadedSettings(Struct, frozen=True):
    """Settings and where each came from.

    `origin` and `where` are keyed by dotted key (`budget.max_cost_usd`); `where` names file and
    line, variable or command line and lacks the defaults. `path` is the project's file, if it was read,
    and `digest` the SHA-256 of its bytes, by which trust in it is remembered. `asks` are its settings
    with power; `ignored` those of them that are not in force though nothing else sets the key,
    each with what it would do. `notices` are sentences about variables that look like settings but
    are none, and about files that were not read; `unused` are the keys given that are accepted
    and do nothing. `trusted_file` are the bytes of the project's file where a setting with power came
    from it, which the person trusts then.
    """

    settings: Settings
    origin: Mapping[str, Origin]
    where: Mapping[str, str]
    path: Path | None = None
    digest: str = ""
    notices: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    user_path: Path | None = None
    asks: tuple[ProjectAsk, ...] = ()
    ignored: Mapping[str, str] = {}
    trusted_file: bytes = b""
