"""What was asked of the guest over SSH and what it answered, each with its time, in a file."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from bootworthy.rehearsal.ssh import Answer, Client

# How long sshd may take to be there again, in seconds, before the next try.
_PAUSE = 3.0


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """``client`` in the place of ``seconds`` since power-on; ``log`` gets a JSON object a line."""

    client: Client
    seconds: Callable[[], float]
    log: Path

    def ask(self, purpose: str, command: str, limit: float) -> Answer:
        """Run a command in the guest, for at most ``limit`` seconds."""
        answer = self.client.run(command, limit)
        told = {"at": round(self.seconds(), 3), "purpose": purpose, **asdict(answer)}
        # A full disk costs the copy, not the rehearsal.
        with suppress(OSError), self.log.open("a") as file:
            print(json.dumps(told, ensure_ascii=False), file=file)
        return answer

    def ask_until_told(self, purpose: str, command: str, limit: float) -> Answer:
        """Run a command that changes nothing, again while sessions break off; ``limit`` is of all.

        A login is possible before provisioning has ended, which then restarts sshd.
        """
        end = self.seconds() + limit
        while True:
            answer = self.ask(purpose, command, end - self.seconds())
            if answer.logged_in or self.seconds() + _PAUSE >= end:
                return answer
            time.sleep(_PAUSE)
