"""One module for each container format; each offers FORMATS, which container.py finds."""
