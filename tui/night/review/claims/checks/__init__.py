"""What each kind of claim is checked by."""
