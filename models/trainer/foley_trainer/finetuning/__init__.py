"""Training an existing voice on new recordings."""
