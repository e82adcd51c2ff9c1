"""The review as rows and lists."""
