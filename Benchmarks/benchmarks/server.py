"""The live server between publisher and viewer: Bulkhead's own, in a process that isn't measured."""

from __future__ import annotations

import json
from pathlib import Path

from .processes import MeasurementError, Running

APP = "live"


class Server:
    """A server on a free port of the loopback interface, for both peers the same."""

    def __init__(self, bulkhead: Path, folder: Path) -> None:
        self._process = Running(
            [str(bulkhead), "serve", "--listen", "127.0.0.1:0", "--json"], folder=folder, capture=True
        )
        self._streams = 0

    def __enter__(self) -> Server:
        self._process.__enter__()
        output = self._process.process.stdout
        line = output.readline() if output else b""
        try:
            self.port = int(json.loads(line)["values"]["port"])
        except (ValueError, KeyError):
            self._process.__exit__()
            raise MeasurementError(f"bulkhead serve did not say where it listens, but: {line!r}") from None
        return self

    def __exit__(self, *_: object) -> None:
        self._process.__exit__()

    def new_key(self) -> str:
        """A stream key that nobody has used."""
        self._streams += 1
        return f"benchmark-{self._streams}"

    def url(self, key: str) -> str:
        return f"rtmp://127.0.0.1:{self.port}/{APP}/{key}"
