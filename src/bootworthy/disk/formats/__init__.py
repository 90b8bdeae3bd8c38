"""One module for each container format; each offers FORMATS, which container.py finds.

They only tell formats apart: what reads a format is imported when an image is in it, since every
one of them would cost each run a few milliseconds.
"""
