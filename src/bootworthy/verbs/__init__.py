"""Verbs that need more than one of the rooms below: each composes them, none does work itself."""
