"""The runners of tests: their calls in commands, what those are limited to, and their summaries."""
