"""Hostile input for everything that reads what an image brings."""
