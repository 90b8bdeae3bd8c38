"""Configuration files parsed, edited and printed again: comments, order and quoting survive."""
