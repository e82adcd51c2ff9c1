"""A shell command, taken apart."""
