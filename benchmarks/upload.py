"""``bootworthy upload`` beside AzCopy and the SDK: ``python -m benchmarks.upload``.

All send the same aged disk (files written, a third of them deleted) to the same server on loopback,
in turns. AzCopy and the SDK need a VHD on disk; bootworthy is measured from that VHD and from the
qcow2 of the same disk, the latter beside converting with qemu-img and then AzCopy. AzCopy is
from npm (benchmarks/azcopy) and needs Debian's libsecret-1-0. Azure speaks HTTPS; --tls has the
server do so too, with a certificate of its own that all of them are told to trust.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import resource
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import BOOTWORTHY, CHECKOUT, ENVIRONMENT, run
from tests.azure.authority import Authority, make_authority

_AZCOPY = CHECKOUT / "benchmarks/azcopy/node_modules/@azure-tools/azcopy-linux/dist/bin"
_MIB = 1 << 20
_SDK = """\
import sys
from azure.storage.blob import BlobClient, BlobType
with open(sys.argv[1], "rb") as file, BlobClient.from_blob_url(sys.argv[2]) as client:
    client.upload_blob(file, blob_type=BlobType.PAGEBLOB, overwrite=True, max_concurrency=8)
"""


@dataclass(frozen=True)
class Sent:
    """One run: seconds of wall and processor, bytes and requests that came."""

    wall: float
    cpu: float
    sent: int
    requests: int


@dataclass(frozen=True)
class Server:
    """The service on loopback; with an ``authority`` over HTTPS."""

    port: int
    authority: Authority | None

    @property
    def environment(self) -> dict[str, str]:
        """What its clients need."""
        trust = self.authority.environment if self.authority else {}
        return {"AZCOPY_DISABLE_SYSLOG": "true", "NO_COLOR": "1"} | trust

    @property
    def root(self) -> str:
        """Its address."""
        return f"{'https' if self.authority else 'http'}://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The address of the blob that all of them write."""
        return f"{self.root}/acct/vhds/os.vhd?sv=2024-11-04&sp=racwd&sig=x"

    def stats(self) -> dict[str, int]:
        """How many bytes and writes came since this was asked last."""
        trust = self.authority.certificates if self.authority else None
        context = ssl.create_default_context(cafile=trust) if trust else None
        asked = urllib.request.Request(f"{self.root}/stats")  # noqa: S310 - http or https
        with urllib.request.urlopen(asked, context=context) as answer:  # noqa: S310 - the same
            found: dict[str, int] = json.load(answer)
            return found


def main() -> None:
    """Measure every way in turns and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.upload", description=__doc__)
    parser.add_argument("--size", type=int, default=4096, metavar="MIB")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--large", type=int, default=0, metavar="GIB", help="memory only")
    parser.add_argument("--tls", action="store_true", help="over HTTPS")
    chosen = parser.parse_args()
    azcopy = _azcopy()
    with tempfile.TemporaryDirectory(prefix="bench-upload-", dir=CHECKOUT / ".cache") as folder:
        space = Path(folder)
        vhd, qcow2 = aged_disk(space, chosen.size * _MIB)
        with _serving(space, make_authority(space) if chosen.tls else None) as server:
            if chosen.large:
                _print_large(space, chosen.large << 30, server)
                return
            ways = _ways(space, vhd, qcow2, server.url, azcopy)
            runs: dict[str, list[Sent]] = {name: [] for name in ways}
            for _ in range(chosen.runs):
                for name, commands in ways.items():
                    runs[name].append(_measured(commands, server))
                    sys.stderr.write(f"{name}: {runs[name][-1]}\n")
    _print({name: _median(items) for name, items in runs.items()})


def _azcopy() -> Path:
    program = _AZCOPY / "azcopy_linux_amd64"
    if not program.exists():
        folder = os.fspath(CHECKOUT / "benchmarks/azcopy")
        run("npm", "--prefix", folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    program.chmod(0o755)
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"AzCopy does not run: {done.stderr}\ninstall libsecret-1-0")
    return program


def aged_disk(folder: Path, size: int) -> tuple[Path, Path]:
    """An ext4 disk with a third of its files deleted again, as fixed VHD and as qcow2."""
    raw, vhd, qcow2 = folder / "disk.raw", folder / "disk.vhd", folder / "disk.qcow2"
    with raw.open("wb") as file:
        file.truncate(size)
    _typed("label: gpt\nstart=2048\n", "sfdisk", "--quiet", os.fspath(raw))
    part = folder / "part.raw"
    with part.open("wb") as file:
        file.truncate(size - 2 * _MIB)
    tree = folder / "tree"
    tree.mkdir()
    names = _fill(tree, int(size * 0.6))
    run("mke2fs", "-q", "-F", "-t", "ext4", "-d", os.fspath(tree), os.fspath(part))
    shutil.rmtree(tree)
    gone = "".join(f"rm {name}\n" for name in names[::3])
    _typed(gone, "debugfs", "-w", "-f", "/dev/stdin", os.fspath(part))
    run("dd", f"if={part}", f"of={raw}", "bs=1M", "seek=1", "conv=notrunc,sparse", "status=none")
    part.unlink()
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", os.fspath(raw), os.fspath(qcow2))
    fixed = ["-o", "subformat=fixed,force_size=on"]
    run("qemu-img", "convert", "-f", "raw", "-O", "vpc", *fixed, os.fspath(raw), os.fspath(vhd))
    raw.unlink()
    return vhd, qcow2


def _typed(text: str, *argv: str) -> None:
    """Run a program that reads what to do."""
    subprocess.run(argv, input=text, capture_output=True, text=True, check=True)


def _fill(tree: Path, total: int) -> list[str]:
    """Files of all sizes, of bytes that do not compress; their names."""
    chance = random.Random(5)  # noqa: S311 - the same disk each time
    names: list[str] = []
    while total > 0:
        size = min(int(2 ** chance.uniform(12, 23)), total)
        name = f"file{len(names)}"
        (tree / name).write_bytes(chance.randbytes(size))
        names.append(name)
        total -= size
    return names


@contextlib.contextmanager
def _serving(folder: Path, authority: Authority | None) -> Iterator[Server]:
    argv = [sys.executable, "-m", "benchmarks.blob_server", os.fspath(folder)]
    argv += [os.fspath(authority.served)] if authority else []
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(argv, text=True, cwd=CHECKOUT, **pipes) as process:  # type: ignore[call-overload]
        yield Server(int(process.stdout.readline()), authority)
        process.stdin.close()


def _ways(
    space: Path, vhd: Path, qcow2: Path, url: str, azcopy: Path
) -> dict[str, list[list[str]]]:
    ours = [BOOTWORTHY, "upload", "--anyway", "--force", "--quiet"]
    sent = [os.fspath(azcopy), "copy", os.fspath(vhd), url, "--blob-type", "PageBlob"]
    sent += ["--from-to", "LocalBlob", "--log-level", "NONE", "--output-level", "quiet"]
    made = os.fspath(space / "made.vhd")
    convert = ["qemu-img", "convert", "-f", "qcow2", "-O", "vpc", "-o"]
    convert += ["subformat=fixed,force_size=on", os.fspath(qcow2), made]
    return {
        "AzCopy, VHD": [sent],
        "SDK upload_blob, VHD": [[sys.executable, "-c", _SDK, os.fspath(vhd), url]],
        "bootworthy, VHD": [[*ours, os.fspath(vhd), url]],
        "qemu-img, then AzCopy": [convert, [*sent[:2], made, *sent[3:]]],
        "bootworthy, qcow2": [[*ours, os.fspath(qcow2), url]],
    }


def _measured(commands: Sequence[Sequence[str]], server: Server) -> Sent:
    server.stats()
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    for command in commands:
        run(*command, env=server.environment)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    came = server.stats()
    return Sent(wall, cpu, came["bytes"], came["requests"])


def _median(runs: list[Sent]) -> Sent:
    def middle(of: Callable[[Sent], float]) -> float:
        return statistics.median(of(item) for item in runs)

    return Sent(
        middle(lambda item: item.wall),
        middle(lambda item: item.cpu),
        int(middle(lambda item: item.sent)),
        int(middle(lambda item: item.requests)),
    )


def _print(rows: dict[str, Sent]) -> None:
    peers = {"bootworthy, qcow2": "qemu-img, then AzCopy"}
    print("| what | sent, MiB | of the peer | requests | CPU, s | of it | wall, s | of it |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, item in rows.items():
        peer = rows[peers.get(name, "AzCopy, VHD")]
        print(
            f"| {name} | {item.sent >> 20} | {item.sent / max(peer.sent, 1):.2f} | {item.requests} "
            f"| {item.cpu:.1f} | {item.cpu / peer.cpu:.2f} "
            f"| {item.wall:.1f} | {item.wall / peer.wall:.2f} |"
        )


def _print_large(space: Path, size: int, server: Server) -> None:
    """The memory that a large disk with much data takes."""
    disk = space / "large.raw"
    with disk.open("wb") as file:
        file.truncate(size)
        # Whole windows of data here and there, so that no 100 GiB of space are needed.
        for start in range(0, size, 256 * _MIB):
            file.seek(start)
            file.write(os.urandom(4 * _MIB))
            file.seek(start + 100 * _MIB)
            file.write(b"x")
    _typed("label: gpt\nstart=2048\n", "sfdisk", "--quiet", os.fspath(disk))
    argv = ["/usr/bin/time", "-f", "%M", BOOTWORTHY, "upload", "--anyway", "--force", "--quiet"]
    done = subprocess.run(
        [*argv, disk, server.url],
        capture_output=True,
        text=True,
        check=True,
        env=ENVIRONMENT | server.environment,
    )
    came = server.stats()
    peak = int(done.stderr.split()[-1]) >> 10
    print(f"{size >> 30} GiB disk: {peak} MiB at most, {came['bytes'] >> 20} MiB sent")


if __name__ == "__main__":
    main()
