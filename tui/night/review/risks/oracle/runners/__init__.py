"""What decides which tests run, and whether they may fail."""
