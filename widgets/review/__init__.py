"""The review as rows and lists."""

from __future__ import annotations
