"""The passes over an image: check, plan, apply, prepare."""
