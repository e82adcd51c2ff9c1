"""Who watches the supervisor: a tiny process of each run that starts it again."""
