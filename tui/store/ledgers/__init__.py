"""What is added up over many runs and sessions, and what was installed."""
