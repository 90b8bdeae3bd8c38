"""Swap: none on the OS disk, and one manager for the temporary disk."""
