"""What must not be in an image that new machines are made from."""
