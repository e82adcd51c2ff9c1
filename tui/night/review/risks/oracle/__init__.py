"""What the tests ask for, at the night's base against its end."""
