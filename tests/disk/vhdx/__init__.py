"""Tests of the structures of a VHDX file."""
