"""Images inside compressed files and archives."""
