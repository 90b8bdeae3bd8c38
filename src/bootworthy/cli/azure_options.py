"""Options that the verbs which talk to Azure share, and the hint that ends an interrupted one."""

from __future__ import annotations

import gc
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bootworthy.cli import options
from bootworthy.model.errors import HostError, TransferError
from bootworthy.model.events import Observer

if TYPE_CHECKING:
    from bootworthy.azure.options import TransferOptions
    from bootworthy.azure.target import Target

_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)i?b?(?:/s)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_SMALLEST_RATE = 1 << 10

# After these errors of Azure a transfer only begins again; after these of this machine it goes on.
_FINAL = frozenset(("azure-target-changed", "azure-verify-failed"))
_BROKEN_OFF = frozenset(("host-no-space", "host-write-failed"))

# Objects made and not freed; Python has 700 or 2000.
_COLLECT_AFTER = 20_000


class _Rate(click.ParamType[int]):
    """Bytes a second: 500K, 20M, 1.5MiB/s."""

    name = "rate"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """The number of bytes."""
        found = _RATE.fullmatch(str(value).strip())
        rate = int(float(found[1]) * _UNITS[found[2].lower()]) if found else 0
        if rate < _SMALLEST_RATE:
            self.fail(f"{value!r} is no rate of at least 1K: try 20M", param, ctx)
        return rate


MOVING = options.chain(
    click.option(
        "--connections",
        type=click.IntRange(1, 64),
        default=8,
        show_default=True,
        help="How many requests run at once at most; how many really do follows the line.",
    ),
    click.option("--limit-rate", type=_Rate(), metavar="RATE", help="Bytes a second: 20M."),
    click.option(
        "--timeout",
        type=click.FloatRange(1, 3600),
        default=60.0,
        show_default=True,
        help="Seconds after which a request that moves nothing is sent again.",
    ),
    click.option(
        "--give-up-after",
        type=click.FloatRange(0, 86_400),
        default=900.0,
        show_default=True,
        help="Seconds without any success before the transfer ends.",
    ),
)

ACCOUNT = click.option(
    "--connection-string",
    metavar="TEXT",
    envvar="AZURE_STORAGE_CONNECTION_STRING",
    show_envvar=True,
    help="The storage account's, for a blob named CONTAINER/NAME.vhd.",
)

RESUME = click.option(
    "--resume", is_flag=True, help="Go on where a transfer of the same broke off."
)

JOURNAL = click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the record of the transfer is kept; below ~/.local/state if not given.",
)

SENDING = options.chain(
    RESUME,
    click.option(
        "--anyway", is_flag=True, help="Take an image that would not run; do not check it."
    ),
    click.option(
        "--verify", is_flag=True, help="Read everything back and compare, before the footer."
    ),
    JOURNAL,
)

SUBSCRIPTION = click.option(
    "--subscription", metavar="ID", help="Else AZURE_SUBSCRIPTION_ID, or that of az."
)

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def collect_seldom() -> None:
    """Look for garbage less often than Python does.

    Each request of the SDK makes thousands of objects, nearly none of them in circles: looking
    through all of its classes every few requests took a tenth of the time of an upload.
    """
    gc.set_threshold(_COLLECT_AFTER)


def transfer_options(given: Mapping[str, Any], observer: Observer) -> TransferOptions:
    """The choices of MOVING, and those of force, resume, verify and md5 where a verb has them."""
    from bootworthy.azure.options import TransferOptions

    journal: Path | None = given.get("journal")
    return TransferOptions(
        force=given.get("force", False),
        resume=given.get("resume", False),
        verify=given.get("verify", False),
        md5=given.get("md5", False),
        skip_free=not given.get("all_blocks", False),
        connections=given["connections"],
        limit_rate=given["limit_rate"],
        timeout=given["timeout"],
        give_up_after=given["give_up_after"],
        journal=journal,
        observer=observer,
    )


def target_from(text: str, given: Mapping[str, Any]) -> Target:
    """The blob that an argument names."""
    from bootworthy.azure.credentials import default_credential
    from bootworthy.azure.sdk import require_sdk
    from bootworthy.azure.target import parse

    require_sdk()
    return parse(
        text, connection_string=given["connection_string"], make_credential=default_credential
    )


@contextmanager
def offering_resume(*, keep_force: bool = False) -> Iterator[None]:
    """Say, when a transfer breaks off, with which command it goes on.

    ``keep_force``: --force is about what the transfer ends with, not about beginning it again.
    """
    command = resume_command(sys.argv, keep_force=keep_force)
    try:
        yield
    except (TransferError, HostError) as error:
        if error.code in _FINAL or (isinstance(error, HostError) and error.code not in _BROKEN_OFF):
            raise
        words = f"it goes on with: {command}"
        hint = f"{error.hint}; {words}" if error.hint else words
        raise type(error)(error.code, error.message, hint=hint) from None
    except KeyboardInterrupt:
        click.echo(f"it goes on with: {command}", err=True)
        raise


def resume_command(argv: list[str], *, keep_force: bool = False) -> str:
    """The command line that continues this one's transfer; signatures are left out."""
    from bootworthy.azure.secrets import redact

    dropped = ("--resume",) if keep_force else ("--force", "--resume")
    words = ["bootworthy", *(word for word in argv[1:] if word not in dropped)]
    return redact(shlex.join([*words, "--resume"]))
