"""Notifications: outbox, rules and the sending process."""
