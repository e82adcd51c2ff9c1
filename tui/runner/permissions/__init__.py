"""What an agent may do while nobody is there to answer."""
