"""Viewers over HTTP that note when each picture had arrived: of FLV each, of MP4 the first of each fragment."""

from __future__ import annotations

import socket
import threading
import time

from .processes import MeasurementError


class Watcher:
    """Reads `path` from its creation on; `arrivals` has monotonic seconds by timestamp in milliseconds."""

    def __init__(self, port: int, path: str) -> None:
        self.begun = time.monotonic()
        self.arrivals: dict[int, float] = {}
        self.first: float | None = None
        """Seconds from before the connection to the first picture, all of it."""
        self._is_mp4 = path.endswith(".mp4")
        self._buffer = bytearray()
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        # HTTP/1.0, so that the body comes as it is.
        self._socket.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._thread.join(5)
        self._socket.close()

    def wait(self, timeout: float) -> float:
        """Seconds to the first picture."""
        deadline = time.monotonic() + timeout
        while self.first is None:
            if time.monotonic() > deadline:
                raise MeasurementError(f"no picture reached the viewer within {timeout:.0f} s")
            time.sleep(0.002)
        return self.first

    def _run(self) -> None:
        has_head, position = False, 0
        try:
            while data := self._socket.recv(1 << 18):
                arrival = time.monotonic()
                self._buffer += data
                if not has_head:
                    end = self._buffer.find(b"\r\n\r\n")
                    if end < 0:
                        continue
                    has_head = True
                    # Behind FLV's header (annex E.2) stands a size of 0.
                    del self._buffer[: end + 4 + (0 if self._is_mp4 else 13)]
                while (at := self._next_box() if self._is_mp4 else self._next_tag()) is not None:
                    if at >= 0:
                        self.arrivals[at] = arrival
                        if self.first is None:
                            self.first = arrival - self.begun
        except OSError:
            pass

    def _next_tag(self) -> int | None:
        """The timestamp of the next tag; -1 if it is no picture, None if not all of it is here."""
        buffer = self._buffer
        if len(buffer) < 11:
            return None
        count = 11 + int.from_bytes(buffer[1:4], "big") + 4
        if len(buffer) < count:
            return None
        at = int.from_bytes(buffer[4:7], "big") | buffer[7] << 24
        is_picture = buffer[0] == 9 and buffer[12] == 1
        del buffer[:count]
        return at if is_picture else -1

    def _next_box(self) -> int | None:
        buffer = self._buffer
        if len(buffer) < 8:
            return None
        count = int.from_bytes(buffer[:4], "big")
        if len(buffer) < count:
            return None
        kind = bytes(buffer[4:8])
        if kind == b"moof":
            # Of the first track, which is that of pictures: version 1, with a time in 64 bits, at 90,000 a second.
            place = buffer.find(b"tfdt", 0, count)
            self._time = int.from_bytes(buffer[place + 8 : place + 16], "big") // 90
        del buffer[:count]
        return self._time if kind == b"mdat" else -1
