"""Logical volumes that are one run of the disk, found without device-mapper."""
