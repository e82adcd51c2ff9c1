"""Long texts: detail pages, notes, documents."""

from __future__ import annotations
