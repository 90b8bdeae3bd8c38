"""A report in the formats people and programs read; each knows only the model."""
