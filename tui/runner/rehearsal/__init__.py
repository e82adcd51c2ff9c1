"""The rehearsal of a night: one scripted turn of the agent in a throwaway copy, and what it tells."""
