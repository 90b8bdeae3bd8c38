"""Claims of speed, each measured beside the tool people use today, in the same run."""
