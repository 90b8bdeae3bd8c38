"""The on-disk structures of VMDK: descriptor, headers and grain tables."""
