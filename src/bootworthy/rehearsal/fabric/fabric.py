"""All of the simulated Azure at once: a network with nobody else in it, and its services."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bootworthy.rehearsal.fabric import host_plugin, metadata, wire
from bootworthy.rehearsal.fabric.addresses import Nic
from bootworthy.rehearsal.fabric.certificates import Vault
from bootworthy.rehearsal.fabric.clock import Clock
from bootworthy.rehearsal.fabric.dhcp import DhcpServer
from bootworthy.rehearsal.fabric.dns import Resolver
from bootworthy.rehearsal.fabric.dvd import make_dvd
from bootworthy.rehearsal.fabric.enclave import Enclave
from bootworthy.rehearsal.fabric.events import EventLog
from bootworthy.rehearsal.fabric.frames import FrameWatch
from bootworthy.rehearsal.fabric.http import Application, HttpService, Request, Response
from bootworthy.rehearsal.fabric.identity import Deployment
from bootworthy.rehearsal.fabric.service import DatagramService
from bootworthy.rehearsal.scenario import Scenario

EVENT_FILE = "fabric.jsonl"
DVD_FILE = "provisioning.udf"


class Fabric:
    """A context manager; inside it, one machine at a time can be booted on the network.

    ``directory`` gets the medium and a copy of the event log. Give QEMU ``qemu_arguments()`` and a
    network device for each of ``macs``, named ``net0`` and on as its netdev, and start it with
    ``pass_fds``.
    """

    def __init__(self, scenario: Scenario, directory: Path, *, nics: int | None = None) -> None:
        number = scenario.nics if nics is None else nics
        self.scenario = scenario
        self.clock = Clock()
        self.dvd = directory / DVD_FILE
        self._directory = directory
        self._deployment = Deployment.of(scenario, number)
        self._enclave = Enclave(self._deployment.nics)
        self._stack = ExitStack()
        self.events = EventLog(self.clock)

    def __enter__(self) -> Self:
        """Make the medium and the network, start every service.

        Raises:
            HostError: this machine does not allow a private network.
            OSError: the directory cannot be written to.
        """
        with ExitStack() as stack:
            make_dvd(self.scenario, self.dvd)
            copy = (self._directory / EVENT_FILE).open("w", encoding="utf-8")
            stack.enter_context(self.events.copy_to(copy))
            enclave = stack.enter_context(self._enclave)
            self.clock.restart()
            for service in self._services(enclave):
                stack.enter_context(service)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop every service; the network is gone when QEMU is gone as well."""
        self._stack.close()

    @property
    def nics(self) -> tuple[Nic, ...]:
        """The guest's network interfaces."""
        return self._deployment.nics

    @property
    def macs(self) -> tuple[str, ...]:
        """The MAC address that each network device has to have."""
        return tuple(nic.mac for nic in self.nics)

    @property
    def pass_fds(self) -> tuple[int, ...]:
        """The descriptors that QEMU has to inherit."""
        return tuple(self._enclave.fds[nic.tap] for nic in self.nics)

    @property
    def pid(self) -> int:
        """A process in the network: ``nsenter --net`` finds it by that."""
        return self._enclave.pid

    def qemu_arguments(self) -> list[str]:
        """The network backends ``net0`` and on."""
        backends = (f"tap,id=net{nic.index},fd={self._enclave.fds[nic.tap]}" for nic in self.nics)
        return [word for backend in backends for word in ("-netdev", backend)]

    def wrap(self, argv: list[str]) -> list[str]:
        """How QEMU is started: as it is, for its network comes by descriptor."""
        return list(argv)

    def connect_guest(self, port: int, timeout: float) -> socket.socket:
        """A connection to a port of the guest's first interface, from inside the network.

        One try: ``timeout`` is in seconds, and is the timeout of the socket afterwards.

        Raises:
            OSError: the guest is not there, refuses, or takes too long.
        """
        made = self._enclave.new_tcp_socket()
        try:
            made.settimeout(timeout)
            made.connect((self.nics[0].guest, port))
        except BaseException:
            made.close()
            raise
        return made

    def _services(self, enclave: Enclave) -> list[AbstractContextManager[Any]]:
        vault = Vault()
        instance = metadata.MetadataService(self._deployment, vault, self.events)
        server = wire.WireServer(self._deployment, vault, self.events, instance)
        plugin = host_plugin.HostPlugin(self._deployment, self.events)
        resolver = Resolver(self.scenario.host_name, self.nics[0], self.events)
        services: list[AbstractContextManager[Any]] = [
            HttpService(enclave.take("wire"), self._careful(server), wire.BANNER),
            HttpService(enclave.take("host-plugin"), self._careful(plugin), host_plugin.BANNER),
            HttpService(enclave.take("metadata"), self._careful(instance), metadata.BANNER),
            DatagramService(enclave.take("dns"), resolver.answer),
        ]
        for nic in self.nics:
            dhcp = DhcpServer(nic, self.events)
            watch = FrameWatch(nic, self.events)
            services += [
                DatagramService(enclave.take(f"dhcp{nic.index}"), dhcp.answer),
                DatagramService(enclave.take(f"frames{nic.index}"), watch.answer),
            ]
        return services

    def _careful(self, application: Application) -> Callable[[Request], Response]:
        """A bug of ours is an answer and a note, not a connection that ends without a word."""

        def _answer(request: Request) -> Response:
            try:
                return application(request)
            except Exception as error:  # noqa: BLE001 - nothing else would tell of it
                told = f"{type(error).__name__}: {error} at {request.method} {request.target}"
                self.events.add("fabric", "fabric-error", told)
                return Response(status=500)

        return _answer
