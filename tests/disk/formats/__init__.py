"""Tests of the container formats."""
