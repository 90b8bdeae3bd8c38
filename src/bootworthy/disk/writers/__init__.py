"""Writers of disk images: one module a format. ``registry`` says which there are."""
