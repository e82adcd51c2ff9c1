"""What a person should see before keeping a night's changes."""

from __future__ import annotations
