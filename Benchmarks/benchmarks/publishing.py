"""A publisher that encodes nothing: it sends a recording at its own pace, over and over, and knows when it sent what."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from pathlib import Path

from .processes import MeasurementError
from .rtmp import SET_CHUNK_SIZE, Player, command

FRAMES_PER_SECOND = 30
GOP_SECONDS = 2
SECONDS = 20
"""Of the recording."""


class Recording:
    """H.264 and AAC at about `kilobits` a second, 720p30, as FLV tags: type, milliseconds, payload."""

    def __init__(self, kilobits: int, folder: Path) -> None:
        path = folder / f"{kilobits}.flv"
        video = kilobits - 96
        subprocess.run(
            ["ffmpeg", "-v", "error", "-nostdin", "-y"]
            + ["-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate={FRAMES_PER_SECOND},noise=alls=8:allf=t"]
            + ["-f", "lavfi", "-i", "sine=frequency=500:sample_rate=48000", "-t", str(SECONDS)]
            + ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"]
            + ["-b:v", f"{video}k", "-maxrate", f"{video}k", "-bufsize", f"{video}k"]
            + ["-g", str(FRAMES_PER_SECOND * GOP_SECONDS)]
            + ["-x264-params", "nal-hrd=cbr:scenecut=0", "-c:a", "aac", "-b:a", "96k", "-ac", "2", "-f", "flv", str(path)],
            check=True,
        )
        data = path.read_bytes()
        self.tags: list[tuple[int, int, bytes]] = []
        position = 13
        while position + 11 <= len(data):
            length = int.from_bytes(data[position + 1 : position + 4], "big")
            milliseconds = int.from_bytes(data[position + 4 : position + 7], "big") | data[position + 7] << 24
            payload = data[position + 11 : position + 11 + length]
            self.tags.append((data[position], milliseconds, payload))
            position += 11 + length + 4
        self.kilobits = sum(len(tag[2]) for tag in self.tags) * 8 / 1000 / SECONDS

    def is_header(self, index: int) -> bool:
        type_, _, payload = self.tags[index]
        return type_ == 18 or len(payload) > 1 and payload[1] == 0 and (type_ == 9 or payload[0] >> 4 == 10)


class Publisher(Player):
    """Sends `recording` to a server from its creation on."""

    def __init__(self, port: int, app: str, key: str, recording: Recording) -> None:
        self._recording = recording
        self.sent: dict[int, float] = {}
        """Monotonic seconds at which the picture with this timestamp was handed to the kernel."""
        self._is_over = False
        super().__init__(port, app, key)
        self._sender = threading.Thread(target=self._publish, name="publisher", daemon=True)
        self._sender.start()

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._sender.join(5)
        super().__exit__()

    def _begin(self, stream: int) -> None:
        self._stream = stream
        self._send(command("publish", 0, None, self._key, "live"), stream=stream)
        # Chunks as long as any message: section 5.4.1.
        self._socket.sendall(bytes([2, 0, 0, 0, 0, 0, 4, SET_CHUNK_SIZE, 0, 0, 0, 0]) + (1 << 20).to_bytes(4, "big"))

    def _message(self, type_: int, milliseconds: int, payload: bytes) -> bytes:
        chunk_stream = {8: 4, 9: 6}.get(type_, 5)
        time_ = min(milliseconds, 0xFF_FFFF)
        head = bytes([chunk_stream]) + time_.to_bytes(3, "big") + len(payload).to_bytes(3, "big")
        head += bytes([type_]) + self._stream.to_bytes(4, "little")
        if time_ == 0xFF_FFFF:
            head += milliseconds.to_bytes(4, "big")
        return head + payload

    def _publish(self) -> None:
        tags = self._recording.tags
        begin, round_ = time.monotonic(), 0
        try:
            while not self._is_over:
                for index, (type_, milliseconds, payload) in enumerate(tags):
                    if self._recording.is_header(index):
                        if round_:
                            continue
                        at = 0
                    else:
                        at = milliseconds + round_ * SECONDS * 1000
                    if type_ == 18:
                        payload = b"\x02\x00\x0d@setDataFrame" + payload
                    wait = begin + at / 1000 - time.monotonic()
                    if wait > 0:
                        time.sleep(wait)
                    if self._is_over:
                        return
                    if type_ == 9:
                        self.sent[at] = time.monotonic()
                    self._socket.sendall(self._message(type_, at, payload))
                round_ += 1
        except OSError as error:
            self.failure = str(error)
            return


def delays(publisher: Publisher, arrivals: dict[int, float]) -> tuple[float, float]:
    """Median and 99th percentile, in milliseconds, of the pictures whose timestamps both sides know."""
    known = sorted((arrival - publisher.sent[at]) * 1000 for at, arrival in arrivals.items() if at in publisher.sent)
    if not known:
        raise MeasurementError("no picture's delay is known")
    return known[len(known) // 2], known[min(len(known) - 1, len(known) * 99 // 100)]
