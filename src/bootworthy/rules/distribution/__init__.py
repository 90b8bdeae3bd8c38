"""The distribution: is it supported, is it up to date."""
