"""Tests of containers, partition tables and file-system signatures."""
