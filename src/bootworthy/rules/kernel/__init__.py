"""Kernels and their drivers."""
