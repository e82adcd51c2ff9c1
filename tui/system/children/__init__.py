"""Programs that we start: where one is found, and Python children of our own."""

from __future__ import annotations
