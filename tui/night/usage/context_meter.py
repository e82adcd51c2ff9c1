"""How full the context window is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from tui.model.events import ModelUsage
from tui.night.usage.prices import lookup, plain_model

DEFAULT_WINDOW = 200_000
LARGE_WINDOW = 1_000_000
_LARGE: Mapping[str, None] = dict.fromkeys(
    (
        "claude-fable-5",
        "claude-fable-5-1",
        "claude-fable-5-2",
        "claude-mythos-5",
        "claude-mythos-5-1",
        "claude-opus-5",
        "claude-opus-5-5",
        "claude-opus-4-8",
        "claude-opus-4-7",
        "claude-sonnet-5",
        "claude-sonnet-5-5",
        "claude-haiku-5-5",
    )
)
"""Models whose window is a million tokens without being asked for."""


def usual_window(model: str) -> int:
    """The window a model has where no result has said it yet."""
    if "[1m]" in model.lower() or lookup(_LARGE, plain_model(model)) is not None:
        return LARGE_WINDOW
    return DEFAULT_WINDOW


class ContextMeter(Struct):
    """Tokens before the main thread's last answer, and the windows that results named."""

    used: int = 0
    model: str = ""
    windows: dict[str, int] = {}
    largest: int = 0

    def on_answer(self, model: str, used: int) -> None:
        """The main thread got an answer to `used` tokens."""
        self.used = used
        if model and model != self.model:
            self.model = model
            self.largest = used
        elif used > self.largest:
            self.largest = used

    def on_turn_start(self, model: str) -> None:
        """A turn begins with `model`, whose name may ask for the large window."""
        if "[1m]" in model.lower():
            self.windows.setdefault(plain_model(model), LARGE_WINDOW)

    def on_result(self, models: tuple[ModelUsage, ...]) -> None:
        """A result named the windows of the models it used."""
        for use in models:
            if use.context_window > 0:
                self.windows[plain_model(use.model)] = use.context_window

    def on_compaction(self, after: int | None) -> None:
        """The conversation was summarised to `after` tokens, unknown before the next answer."""
        self.used = after or 0

    def window(self) -> tuple[int, Literal["result", "model", "seen"]]:
        """The window and how it is known; more tokens than it holds prove a larger one."""
        told = self.windows.get(plain_model(self.model))
        window = told or usual_window(self.model)
        if self.largest > window:
            return max(LARGE_WINDOW, self.largest), "seen"
        return window, "result" if told else "model"
