"""What an unattended agent may do, and the commands that it may not run."""
