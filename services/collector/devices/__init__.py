"""What a device says of itself, whatever it is asked by."""
