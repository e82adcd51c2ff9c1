"""What the session is, at a moment: one verdict from the first rule that applies."""
