"""Real, bootable guests built from Debian's packages, as dirty as machines from elsewhere are."""
