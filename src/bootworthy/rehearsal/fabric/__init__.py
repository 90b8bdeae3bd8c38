"""Azure's host side as a guest sees it: medium, DHCP, wire server, metadata, and no way out."""

from bootworthy.rehearsal.fabric.clock import Clock
from bootworthy.rehearsal.fabric.events import EventLog, FabricEvent
from bootworthy.rehearsal.fabric.fabric import Fabric

__all__ = ["Clock", "EventLog", "Fabric", "FabricEvent"]
