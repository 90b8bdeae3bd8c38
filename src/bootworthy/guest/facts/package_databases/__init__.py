"""The databases of package managers, read without running them: one module a kind."""
