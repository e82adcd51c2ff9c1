"""What repeats in tool calls: the same calls, calls that come back, calls that grow."""
