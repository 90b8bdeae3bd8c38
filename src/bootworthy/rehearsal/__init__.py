"""The first boot on Azure, on the user's own machine: a host side, a machine, a verdict."""
