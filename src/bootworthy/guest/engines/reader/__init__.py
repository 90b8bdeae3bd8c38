"""The reader engine: file systems read in user space, without privilege, mount or guest code."""
