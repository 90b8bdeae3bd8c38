"""Network configuration, one module a program that brings interfaces up."""
