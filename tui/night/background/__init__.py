"""What goes on beside the turns: what the records tell of it, and whether it still does."""

from __future__ import annotations
