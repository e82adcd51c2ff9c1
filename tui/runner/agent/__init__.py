"""One agent process: launch, messages, turns, escalation, end."""
