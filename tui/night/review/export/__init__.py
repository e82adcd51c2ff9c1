"""A review as Markdown, HTML, SVG and figures."""

from __future__ import annotations
