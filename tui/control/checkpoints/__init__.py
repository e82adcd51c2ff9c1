"""Verified copies of the work tree as commits under refs/overnight/."""

from __future__ import annotations
