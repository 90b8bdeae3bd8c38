"""The programs that make an initramfs: one module each."""
