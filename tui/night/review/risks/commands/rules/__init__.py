"""The table of commands that are a risk by their subcommand and options alone."""
