"""Boot loaders: how the kernel command line is changed for good, one module each."""
