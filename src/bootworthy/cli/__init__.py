"""The command line: one module a verb, nothing but options, progress and exit codes."""
