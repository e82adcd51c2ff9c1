"""Nights that start by themselves: what is written for systemd and cron, and what became of it."""
