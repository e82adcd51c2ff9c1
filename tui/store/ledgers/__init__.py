"""What is remembered over many runs and sessions: sums, visits, installations."""
