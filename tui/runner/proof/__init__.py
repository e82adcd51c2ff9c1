"""`review --prove`: the night's tests and checks, run again in clean copies under the eyes of a person."""
