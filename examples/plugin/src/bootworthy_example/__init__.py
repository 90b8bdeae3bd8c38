"""A plugin of bootworthy: one rule, one report format."""
