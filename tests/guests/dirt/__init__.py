"""What a machine gathers in its first life, one module a kind."""
