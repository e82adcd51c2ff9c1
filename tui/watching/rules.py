"""What every fold of a project needs besides its files."""

from __future__ import annotations

from msgspec import Struct

from tui.night.fold import Fold
from tui.night.prices import Prices
from tui.night.thresholds import Thresholds
from tui.settings import Settings
from tui.settings.own_sections import ModelPrice


class Rules(Struct, frozen=True):
    """Prices and thresholds as the settings give them; travels to the child that folds."""

    prices: dict[str, ModelPrice]
    thresholds: Thresholds

    def fold(self) -> Fold:
        """An empty fold under these rules."""
        return Fold(Prices(self.prices), self.thresholds)

    def load(self, data: bytes | bytearray) -> Fold:
        """A saved fold under these rules; SavedFoldError when it does not fit."""
        return Fold.load(data, Prices(self.prices), self.thresholds)


def rules_of(settings: Settings) -> Rules:
    """The rules that the settings give; what they do not name keeps the package's default."""
    given = {
        name: getattr(settings.stalls, name)
        for name in Thresholds.__struct_fields__
        if hasattr(settings.stalls, name)
    }
    return Rules(dict(settings.prices), Thresholds(**given))
