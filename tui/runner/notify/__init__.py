"""Notifications: outbox, rules and the sending process."""

from __future__ import annotations
