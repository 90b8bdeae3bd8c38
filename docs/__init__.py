"""What is written about bootworthy, and what writes it."""
