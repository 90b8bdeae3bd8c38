"""The on-disk structures of qcow2: its header and its tables."""
