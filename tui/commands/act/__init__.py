"""Commands that change a work tree or a session."""

from __future__ import annotations
