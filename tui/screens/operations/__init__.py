"""From a key to an operation and back to its receipt."""

from __future__ import annotations
