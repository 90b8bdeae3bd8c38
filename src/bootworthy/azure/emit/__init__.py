"""The same publication as a template or script, for pipelines that publish by themselves.

Each module has a ``render``. They begin where the VHD is a page blob, as ``bootworthy upload`` puts
it there: none of these languages can upload one.
"""
