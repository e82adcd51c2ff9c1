"""What a night left behind that claims are judged by, and what became of the claims."""
