"""Running a guest's programs by the host's kernel, in namespaces of their own."""
