"""A viewer: plays one stream from an RTMP server and notes when each message had arrived.

What Adobe's RTMP 1.0 specification asks of a player, and no more. It runs on a thread of its own and decodes nothing,
so that the machine's time goes to those who are measured.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from dataclasses import dataclass

from .processes import MeasurementError

SET_CHUNK_SIZE, AUDIO, VIDEO, COMMAND = 1, 8, 9, 20


@dataclass(frozen=True)
class MediaMessage:
    """An audio or video message."""

    arrival: float
    """Monotonic seconds at which its last byte had been read."""
    type: int
    milliseconds: int
    """The timestamp: of video, the decoding time."""
    payload: bytes

    @property
    def is_access_unit(self) -> bool:
        """Whether it holds a picture: AVC in packets of type 1, not a header or an end of sequence."""
        return self.type == VIDEO and len(self.payload) > 5 and self.payload[0] & 15 == 7 and self.payload[1] == 1

    @property
    def presentation_milliseconds(self) -> int:
        offset = int.from_bytes(self.payload[2:5], "big")
        return self.milliseconds + (offset - (1 << 24) if offset >= 1 << 23 else offset)


class Player:
    """Waits for a stream at a server from its creation on, published or not, and collects what comes."""

    def __init__(self, port: int, app: str, key: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._condition = threading.Condition()
        self._messages: list[MediaMessage] = []
        self._failure: str | None = None
        self._assembler = _ChunkAssembler()
        self._shake_hands()
        self._send(command("connect", 1, {"app": app, "tcUrl": f"rtmp://127.0.0.1:{port}/{app}"}), stream=0)
        self._send(command("createStream", 2, None), stream=0)
        stream = self._await_stream()
        self._key = key
        self._begin(stream)
        self._thread = threading.Thread(target=self._run, name="viewer", daemon=True)
        self._thread.start()

    def __enter__(self) -> Player:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._thread.join(5)
        self._socket.close()

    @property
    def messages(self) -> list[MediaMessage]:
        """All that has come up to now."""
        with self._condition:
            return list(self._messages)

    def take(self) -> list[MediaMessage]:
        """What has come since the last time, which is forgotten."""
        with self._condition:
            messages, self._messages = self._messages, []
            return messages

    def first_access_unit(self, timeout: float, check: object = None) -> MediaMessage:
        """Waits for the first picture; `check` is called now and then, to complain when none can come any more."""
        deadline = time.monotonic() + timeout
        index = 0
        with self._condition:
            while True:
                for message in self._messages[index:]:
                    if message.is_access_unit:
                        return message
                index = len(self._messages)
                if self._failure:
                    raise MeasurementError(f"the viewer's connection failed: {self._failure}")
                if time.monotonic() > deadline:
                    raise MeasurementError(f"no picture reached the viewer within {timeout:.0f} s")
                if callable(check):
                    check()
                self._condition.wait(0.2)

    # Connection

    def _begin(self, stream: int) -> None:
        self._send(command("play", 0, None, self._key, -2000.0), stream=stream)

    def _shake_hands(self) -> None:
        """Section 5.2: version, then 1536 bytes and the other side's 1536 in return."""
        self._socket.sendall(b"\x03" + struct.pack(">II", 0, 0) + os.urandom(1528))
        answer = self._read_exactly(1 + 1536)
        self._socket.sendall(answer[1:])
        self._read_exactly(1536)

    def _read_exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self._socket.recv(count - len(data))
            if not piece:
                raise MeasurementError("the server closed the viewer's connection")
            data += piece
        return data

    def _await_stream(self) -> int:
        """The number of the message stream that createStream was answered with."""
        while True:
            data = self._socket.recv(65536)
            if not data:
                raise MeasurementError("the server refused the viewer")
            for type_, _, payload in self._assembler.add(data):
                # "_result", transaction 2, null, the number.
                if type_ == COMMAND and payload.startswith(b"\x02\x00\x07_result\x00" + struct.pack(">d", 2)):
                    return int(struct.unpack(">d", payload[-8:])[0])

    def _send(self, payload: bytes, stream: int) -> None:
        """One command on chunk stream 3, cut into chunks of 128 bytes, which is what a server expects at first."""
        header = b"\x03" + b"\0\0\0" + len(payload).to_bytes(3, "big") + bytes([COMMAND]) + stream.to_bytes(4, "little")
        pieces = [payload[start : start + 128] for start in range(0, len(payload), 128)]
        self._socket.sendall(header + b"\xc3".join(pieces))

    def _run(self) -> None:
        self._socket.settimeout(None)
        failure = "closed by the server"
        try:
            while data := self._socket.recv(1 << 18):
                arrival = time.monotonic()
                media = [
                    MediaMessage(arrival, type_, timestamp, payload)
                    for type_, timestamp, payload in self._assembler.add(data)
                    if type_ in (AUDIO, VIDEO)
                ]
                if media:
                    with self._condition:
                        self._messages += media
                        self._condition.notify_all()
        except (OSError, ValueError) as error:
            failure = str(error)
        with self._condition:
            self._failure = failure
            self._condition.notify_all()


class _ChunkAssembler:
    """Puts messages together from chunks: section 5.3."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._chunk_size = 128
        self._streams: dict[int, _ChunkStream] = {}

    def add(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """Messages that `data` completes: type, timestamp in milliseconds, payload."""
        self._buffer += data
        messages = []
        while chunk := self._next_chunk():
            used, message = chunk
            del self._buffer[:used]
            if message and message[0] == SET_CHUNK_SIZE:
                self._chunk_size = max(1, int.from_bytes(message[2][:4], "big") & 0x7FFF_FFFF)
            elif message:
                messages.append(message)
        return messages

    def _next_chunk(self) -> tuple[int, tuple[int, int, bytes] | None] | None:
        """The length of the first chunk and the message that it ends; None until all of it is here."""
        buffer = self._buffer
        if not buffer:
            return None
        format_, number = buffer[0] >> 6, buffer[0] & 63
        position = {0: 2, 1: 3}.get(number, 1)
        header_length = (11, 7, 3, 0)[format_]
        if len(buffer) < position + header_length:
            return None
        if number < 2:
            number = 64 + int.from_bytes(buffer[1:position], "little")
        header = buffer[position : position + header_length]
        position += header_length
        known = self._streams.get(number)
        stream = known or _ChunkStream()
        time_field = int.from_bytes(header[:3], "big") if format_ < 3 else stream.time_field
        if time_field == 0xFF_FFFF:
            if len(buffer) < position + 4:
                return None
            extended = int.from_bytes(buffer[position : position + 4], "big")
            position += 4
        else:
            extended = time_field
        length = int.from_bytes(header[3:6], "big") if format_ < 2 else stream.length
        count = min(self._chunk_size, length - len(stream.payload))
        if len(buffer) < position + count:
            return None

        if format_ < 2:
            stream.length, stream.type = length, header[6]
        if not stream.payload:
            if format_ == 0:
                stream.timestamp, stream.delta = extended, 0
            else:
                stream.delta = extended if format_ < 3 else stream.delta
                stream.timestamp = (stream.timestamp + stream.delta) & 0xFFFF_FFFF
        stream.time_field = time_field
        stream.payload += buffer[position : position + count]
        self._streams[number] = stream
        if len(stream.payload) < stream.length:
            return position + count, None
        payload, stream.payload = bytes(stream.payload), bytearray()
        return position + count, (stream.type, stream.timestamp, payload)


class _ChunkStream:
    def __init__(self) -> None:
        self.time_field = self.timestamp = self.delta = self.length = self.type = 0
        self.payload = bytearray()


def command(name: str, transaction: int, properties: dict[str, str] | None, *values: object) -> bytes:
    """A command in AMF0."""
    data = _amf0(name) + _amf0(float(transaction)) + _amf0(properties)
    return data + b"".join(_amf0(value) for value in values)


def _amf0(value: object) -> bytes:
    if value is None:
        return b"\x05"
    if isinstance(value, float):
        return b"\x00" + struct.pack(">d", value)
    if isinstance(value, str):
        return b"\x02" + _amf0_text(value)
    if isinstance(value, dict):
        members = b"".join(_amf0_text(key) + _amf0(member) for key, member in value.items())
        return b"\x03" + members + b"\x00\x00\x09"
    raise TypeError(f"AMF0 for {type(value).__name__} isn't needed here")


def _amf0_text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data
