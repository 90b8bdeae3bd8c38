"""Tests of the structures of qcow2."""
