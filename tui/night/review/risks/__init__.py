"""What a person should see before keeping a night's changes."""
