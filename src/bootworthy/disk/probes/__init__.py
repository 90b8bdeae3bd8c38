"""One module for each kind of file system or volume that a partition may carry."""
