"""The screens of the review and of the list of nights."""

from __future__ import annotations
