"""The structures of a VHDX file: headers, regions, metadata and the block allocation table."""
