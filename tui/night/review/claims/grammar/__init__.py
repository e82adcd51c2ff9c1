"""English clauses and what they claim."""
