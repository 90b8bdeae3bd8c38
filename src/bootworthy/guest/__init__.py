"""The Linux inside an image: its file tree, its facts, its editors and the ways to reach it."""
