"""What the supervisor does by itself: limits, stalls, baseline tests, prompts."""
