"""What is added up over many runs."""
