"""The ways to reach a guest: reader, appliance, host and directory."""
