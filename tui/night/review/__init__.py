"""The morning review: what happened, what to trust, what to keep, each line with its evidence."""
