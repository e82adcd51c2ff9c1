"""Typed settings: defaults, then PROJECT/config/overnight.yaml, then the environment, then flags."""

from __future__ import annotations

from tui.settings.load import load
from tui.settings.settings import LoadedSettings, Settings

__all__ = ["LoadedSettings", "Settings", "load"]
