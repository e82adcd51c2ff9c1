"""The check before going to bed: what a night needs, looked at one by one; nothing is changed."""
