"""What every fold of a project needs besides its files."""

from __future__ import annotations

from msgspec import Struct

from tui.night.fold import NightFold
from tui.night.prices import PriceTable
from tui.night.thresholds import StallThresholds
from tui.settings import Settings
from tui.settings.own_sections import ModelPrice


class FoldRules(Struct, frozen=True):
    """Prices and thresholds as the settings give them; travels to the child that folds."""

    prices: dict[str, ModelPrice]
    thresholds: StallThresholds

    def fold(self) -> NightFold:
        """An empty fold under these rules."""
        return NightFold(PriceTable(self.prices), self.thresholds)

    def load(self, data: bytes | bytearray) -> NightFold:
        """A saved fold under these rules; SavedFoldError when it does not fit."""
        return NightFold.load(data, PriceTable(self.prices), self.thresholds)


def rules_of(settings: Settings) -> FoldRules:
    """The rules that the settings give; what they do not name keeps the package's default."""
    given = {
        name: getattr(settings.stalls, name)
        for name in StallThresholds.__struct_fields__
        if hasattr(settings.stalls, name)
    }
    return FoldRules(dict(settings.prices), StallThresholds(**given))
