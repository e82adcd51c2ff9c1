"""The screens of the review and of the list of nights."""
