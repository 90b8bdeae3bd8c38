"""Disk images as containers, partitions and file-system signatures; no guest files."""
