"""One module for each container format; each offers FORMATS, which container.py finds.

A format whose reading takes more than one module, or a library, has the rest in a folder of its
own (``disk/qcow2``, ``disk/unpack``), which is imported when an image is in it: all of them would
cost every run a few milliseconds.
"""
