"""What is inside each initramfs, and what the next one will hold."""
