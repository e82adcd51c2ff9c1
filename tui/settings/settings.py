"""All settings as one frozen value, and where each of them came from.

The sections are declared in `original_sections` (those of the original system's file) and
`own_sections`; all documentation of a setting is made from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Struct

import tui.settings.original_sections as original
import tui.settings.own_sections as own

FILE: Final = "config/overnight.yaml"

Origin = Literal["default", "file", "environment", "flag"]


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
    prices: Annotated[
        dict[str, own.ModelPrice], "Prices by model; they go before the built-in table."
    ] = msgspec.field(default_factory=dict)

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


class LoadedSettings(Struct, frozen=True):
    """Settings and where each came from.

    `origin` and `where` are keyed by dotted key (`budget.max_cost_usd`); `where` names file and
    line, variable or command line and lacks the defaults. `path` is the file read, if any, and
    `digest` the SHA-256 of its bytes, by which trust in it can be remembered. `notices` are
    sentences about variables that look like settings but are none; `unused` are the keys given
    that are accepted and do nothing.
    """

    settings: Settings
    origin: Mapping[str, Origin]
    where: Mapping[str, str]
    path: Path | None = None
    digest: str = ""
    notices: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
