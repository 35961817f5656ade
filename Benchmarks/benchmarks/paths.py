"""A way to a server that gets narrow: a relay on a thread of its own."""

from __future__ import annotations

import socket
import threading
import time

PIECE = 4096
BUFFER = 32 << 10
"""What the kernel may take before the relay has read it, in bytes: large ones would hide what is narrow."""


class NarrowPath:
    """Carries connections to a server of this machine, and of what publishers send only `bytes_per_second`."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port = self._listener.getsockname()[1]
        self.bytes_per_second: float | None = None
        """None for all; 0 for nothing."""
        self._sockets: list[socket.socket] = []
        self._is_over = False
        threading.Thread(target=self._accept, name="path", daemon=True).start()

    def __enter__(self) -> NarrowPath:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        for connection in [self._listener, *self._sockets]:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()

    def _accept(self) -> None:
        while not self._is_over:
            try:
                publisher, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                return
            for connection in (publisher, server):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets += [publisher, server]
            threading.Thread(target=self._carry, args=(publisher, server, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, publisher, False), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, is_publishers: bool) -> None:
        try:
            while not self._is_over:
                while is_publishers and self.bytes_per_second == 0 and not self._is_over:
                    time.sleep(0.01)
                data = source.recv(PIECE)
                if not data:
                    break
                target.sendall(data)
                if is_publishers and self.bytes_per_second:
                    time.sleep(len(data) / self.bytes_per_second)
        except OSError:
            pass
        for connection in (source, target):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
