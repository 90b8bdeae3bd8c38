"""The serial port that Azure records, by the architecture of its machines."""

from __future__ import annotations

from dataclasses import dataclass

from bootworthy.model.intent import Architecture


@dataclass(frozen=True, kw_only=True)
class SerialPort:
    """What Linux calls the port, and the kernel's options for its driver."""

    name: str
    driver: str
    console: str
    """Built in only: a module comes too late to be the kernel's console."""


# A PC's 16550 and Arm's PL011 (drivers/tty/serial/8250/Kconfig and drivers/tty/serial/Kconfig).
SERIAL_PORTS = {
    Architecture.X64: SerialPort(name="ttyS0", driver="SERIAL_8250", console="SERIAL_8250_CONSOLE"),
    Architecture.ARM64: SerialPort(
        name="ttyAMA0", driver="SERIAL_AMBA_PL011", console="SERIAL_AMBA_PL011_CONSOLE"
    ),
}
