"""The disk container: format, footer, size."""
