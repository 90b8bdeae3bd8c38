"""VHDs that grow: the header and the tables of dynamic and differencing ones."""
