"""What a guest is, read once and lazily: one module a fact, each a function of the file tree."""
