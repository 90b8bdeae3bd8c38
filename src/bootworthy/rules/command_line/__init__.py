"""The kernel command line of every boot entry."""
