"""A plugin of bootworthy: one rule, one report format, one container format, one check."""
