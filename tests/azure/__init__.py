"""Azure's side, against services of our own on loopback and against Azurite."""
