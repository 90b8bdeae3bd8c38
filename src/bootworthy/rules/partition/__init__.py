"""Partitions, file systems, fstab, and whether firmware finds a boot loader."""
