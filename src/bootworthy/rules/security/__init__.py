"""SSH, accounts, keys and histories."""
