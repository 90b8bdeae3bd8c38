"""OVF packages: the archive, the descriptor and the manifest."""
