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

from tui.settings.original_sections import (
    BudgetSettings,
    EnforcementSettings,
    LoggingSettings,
    NotificationsSettings,
    PathsSettings,
    RecoverySettings,
    SessionSettings,
    WatchdogSettings,
)
from tui.settings.own_sections import (
    AgentSettings,
    CheckpointsSettings,
    ModelPrice,
    ReviewSettings,
    ScreenSettings,
    StallsSettings,
)

FILE: Final = "config/overnight.yaml"

Origin = Literal["default", "file", "environment", "flag"]


class Settings(Struct, frozen=True):
    """Everything that can be set, each value valid."""

    session: SessionSettings = SessionSettings()
    budget: BudgetSettings = BudgetSettings()
    recovery: RecoverySettings = RecoverySettings()
    enforcement: EnforcementSettings = EnforcementSettings()
    notifications: NotificationsSettings = NotificationsSettings()
    watchdog: WatchdogSettings = WatchdogSettings()
    logging: LoggingSettings = LoggingSettings()
    paths: PathsSettings = PathsSettings()
    agent: AgentSettings = AgentSettings()
    screen: ScreenSettings = ScreenSettings()
    stalls: StallsSettings = StallsSettings()
    checkpoints: CheckpointsSettings = CheckpointsSettings()
    review: ReviewSettings = ReviewSettings()
    prices: Annotated[
        dict[str, ModelPrice], "Prices by model; they go before the built-in table."
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
