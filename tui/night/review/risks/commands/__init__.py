"""What the commands of a night did to data, to the world outside, to later sessions."""
