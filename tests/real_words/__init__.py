"""The word for a session's state, second by second, while the real Claude Code CLI plays a scene offline."""
