"""The configurations of boot loaders as they are read at boot, one loader a module."""
