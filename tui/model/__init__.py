"""Frozen types and enums that travel between packages; no I/O, no clock."""
