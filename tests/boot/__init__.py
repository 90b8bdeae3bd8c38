"""Boot images in QEMU and judge what they say on their serial console."""
