"""Judges tool calls against protected paths and commands.

Every tool call of an agent waits for it, so it imports next to nothing.
"""
