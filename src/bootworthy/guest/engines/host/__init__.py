"""The host engine: the image's file systems mounted by this machine's own kernel, for root."""
