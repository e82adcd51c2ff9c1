"""What somebody said is done, and what the evidence says of it."""
