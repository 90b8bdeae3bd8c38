"""The appliance engine: a guest's file systems and programs inside a libguestfs machine."""
