"""Cameras whose clocks run off, and what a viewer of their broadcast has of them.

A camera shows a flash and is louder each second, both at the same moment; its picture carries its number. Its picture
clock and its sound clock are off by as much as one says. Each camera has one side of the picture, and one of the sound.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field

import numpy

from . import framecode, matroska
from .rtmp import AUDIO, VIDEO, MediaMessage

WIDTH, HEIGHT, RATE = 320, 180, 30
TONE = 997.0
QUIET, LOUD = 0.1, 0.5
FLASH_PICTURES = 3
BLOCK = 1024


@dataclass(frozen=True)
class Clocks:
    """How a camera's clocks run: by so many millionths too fast."""

    picture: float
    sound: float
    is_counted: bool = False
    """The sound's timestamps count its samples, and do not say when they were captured."""

    def __str__(self) -> str:
        return f"picture {self.picture:+g} ppm, sound {self.sound:+g} ppm{', counted' if self.is_counted else ''}"


class ClockCamera:
    """A process that gives pictures and sound by its own clocks to whoever connects first, and waits for nobody."""

    format = "matroska"

    def __init__(self, clocks: Clocks, channel: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=_film, args=(self._listener, clocks, channel), daemon=True)

    def __enter__(self) -> ClockCamera:
        self._process.start()
        self._listener.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()


def _film(listener: socket.socket, clocks: Clocks, channel: int) -> None:
    """The camera's process. Its time is real time since its start, in seconds."""
    picture_pace, sound_pace = 1 + clocks.picture * 1e-6, 1 + clocks.sound * 1e-6
    strip = framecode.rows(HEIGHT)
    dark = _picture(60)
    bright = _picture(220)
    listener.settimeout(60)
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        connection.sendall(matroska.header(WIDTH, HEIGHT))
        start = time.monotonic()
        number = heard = 0
        while True:
            moment = number / RATE / picture_pace
            time.sleep(max(0, start + moment - time.monotonic()))
            until = int(moment * matroska.SAMPLE_RATE * sound_pace)
            stamp = heard / matroska.SAMPLE_RATE
            if not clocks.is_counted:
                stamp *= picture_pace / sound_pace
            sound = _sound(heard, until, sound_pace, picture_pace, channel)
            heard = until
            picture = bright if number % RATE < FLASH_PICTURES else dark
            code = framecode.row(number, WIDTH) * len(strip)
            pieces = [picture[: strip.start * WIDTH], code, picture[strip.stop * WIDTH :]]
            connection.sendall(matroska.cluster(stamp, sound, number / RATE, pieces))
            number += 1
    except OSError:
        pass


def _picture(level: int) -> bytes:
    return bytes([level]) * (WIDTH * HEIGHT) + bytes([128]) * (WIDTH * HEIGHT // 2)


def _sound(begin: int, end: int, sound_pace: float, picture_pace: float, channel: int) -> bytes:
    """A tone that is louder for a tenth of a second from each flash on."""
    moments = numpy.arange(begin, end) / (matroska.SAMPLE_RATE * sound_pace)
    since = (moments * picture_pace) % 1.0
    # Within three milliseconds, so that the change itself is no click.
    loudness = numpy.clip(numpy.minimum(since, 0.1 - since) / 0.003, 0, 1)
    tone = (QUIET + (LOUD - QUIET) * loudness) * numpy.sin(2 * math.pi * TONE * moments)
    pairs = numpy.zeros((end - begin, 2), dtype="<i2")
    pairs[:, channel] = numpy.round(tone * 32767)
    return pairs.tobytes()


@dataclass
class Minute:
    """What was seen and heard of one camera in a minute of stream."""

    offsets: list[float] = field(default_factory=list)
    """Of each flash: how much later than it the sound gets loud, in milliseconds."""
    lost: int = 0
    twice: int = 0
    clicks: int = 0
    pitch: float = 0.0
    """The greatest distance of any second's pitch from the tone's, in per cent."""


class ClockViewer:
    """Decodes what a viewer gets, by ffmpeg, and tells flashes, loud sounds, numbers, clicks and pitch of both sides."""

    # The strip of numbers and a part of the picture above it, of both cameras beside each other.
    _TOP, _ROWS = 240, 30

    def __init__(self, ffmpeg: str) -> None:
        sound_reader, sound_writer = os.pipe()
        self._decoder = subprocess.Popen(
            [ffmpeg, "-hide_banner", "-loglevel", "error", "-threads", "1", "-f", "flv", "-i", "pipe:0"]
            + ["-map", "0:v", "-vsync", "passthrough", "-vf", f"crop={2 * WIDTH}:{self._ROWS}:0:{self._TOP}"]
            + ["-pix_fmt", "gray", "-f", "rawvideo", "pipe:1"]
            + ["-map", "0:a", "-f", "f32le", "-ac", "2", f"pipe:{sound_writer}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(sound_writer,),
        )  # fmt: skip
        os.close(sound_writer)
        self._sound = open(sound_reader, "rb")
        self._picture_times: list[float] = []
        self._sound_start: float | None = None
        self._gaps = 0
        self._blocks = 0
        self._lock = threading.Lock()
        self._flashes: tuple[list[float], list[float]] = ([], [])
        self._beeps: tuple[list[float], list[float]] = ([], [])
        self._lost, self._twice, self._clicks, self._pitch = [0, 0], [0, 0], [0, 0], [0.0, 0.0]
        self._decoder.stdin.write(b"FLV\x01\x05\0\0\0\x09\0\0\0\0")
        self._threads = [
            threading.Thread(target=target, daemon=True) for target in (self._watch, self._listen)
        ]
        for thread in self._threads:
            thread.start()

    def feed(self, messages: list[MediaMessage]) -> None:
        """Takes what has come; the times of pictures and sound are those that the messages say."""
        for message in messages:
            if message.is_access_unit:
                with self._lock:
                    self._picture_times.append(message.presentation_milliseconds / 1000)
            elif message.type == AUDIO and len(message.payload) > 2 and message.payload[1] == 1:
                if self._sound_start is None:
                    self._sound_start = message.milliseconds / 1000
                expected = self._sound_start + self._blocks * BLOCK / 48_000
                self._gaps += abs(message.milliseconds / 1000 - expected) > 0.005
                self._blocks += 1
            elif message.type not in (AUDIO, VIDEO):
                continue
            size = len(message.payload)
            moment = message.milliseconds.to_bytes(4, "big")
            head = bytes([message.type]) + size.to_bytes(3, "big") + moment[1:] + moment[:1] + b"\0\0\0"
            self._decoder.stdin.write(head + message.payload + (size + 11).to_bytes(4, "big"))
        self._decoder.stdin.flush()

    def close(self) -> None:
        self._decoder.stdin.close()
        for thread in self._threads:
            thread.join(20)
        self._decoder.wait()
        self._decoder.stdout.close()
        self._sound.close()

    def take(self) -> tuple[Minute, Minute]:
        """What has come since the last time, of both sides."""
        with self._lock:
            minutes = tuple(
                Minute(
                    self._offsets(side), self._lost[side], self._twice[side], self._clicks[side] + self._gaps,
                    self._pitch[side],
                )
                for side in (0, 1)
            )  # fmt: skip
            self._lost, self._twice, self._clicks, self._pitch = [0, 0], [0, 0], [0, 0], [0.0, 0.0]
            self._gaps = 0
        return minutes  # type: ignore[return-value]

    def _offsets(self, side: int) -> list[float]:
        """Pairs each flash with the loud sound that is nearest; what has none yet stays for the next time."""
        beeps, flashes = self._beeps[side], self._flashes[side]
        offsets = []
        while flashes and beeps and beeps[-1] > flashes[0] + 0.5:
            flash = flashes.pop(0)
            nearest = min(beeps, key=lambda beep: abs(beep - flash))
            if abs(nearest - flash) < 0.5:
                offsets.append((nearest - flash) * 1000)
            while beeps and beeps[0] < flash - 2:
                beeps.pop(0)
        return offsets

    def _watch(self) -> None:
        size = 2 * WIDTH * self._ROWS
        strip = framecode.rows(HEIGHT)
        last: list[int | None] = [None, None]
        was_bright = [False, False]
        index = 0
        while len(data := self._decoder.stdout.read(size)) == size:
            with self._lock:
                moment = self._picture_times.pop(0)
            rows = numpy.frombuffer(data, dtype=numpy.uint8).reshape(self._ROWS, 2, WIDTH)
            for side in (0, 1):
                is_bright = rows[:10, side].mean() > 140
                number = framecode.read(rows[-len(strip) :, side].tobytes(), WIDTH)
                with self._lock:
                    if is_bright and not was_bright[side]:
                        self._flashes[side].append(moment)
                    if number is not None and (before := last[side]) is not None:
                        self._twice[side] += number == before
                        self._lost[side] += max(0, number - before - 1)
                was_bright[side] = is_bright
                last[side] = number if number is not None else last[side]
            index += 1

    def _listen(self) -> None:
        """A second at a time, with what the one before ended with."""
        kept = numpy.zeros((0, 2), dtype=numpy.float32)
        position = 0
        while len(data := self._sound.read(48_000 * 8)) == 48_000 * 8:
            sound = numpy.concatenate([kept, numpy.frombuffer(data, dtype="<f4").reshape(-1, 2)])
            begin = position - len(kept)
            position += 48_000
            kept = sound[-480:]
            for side in (0, 1):
                self._hear(side, sound[:, side].astype(float), begin)

    def _hear(self, side: int, sound: numpy.ndarray, begin: int) -> None:
        moments = begin + numpy.arange(len(sound))
        turned = sound * numpy.exp(-2j * math.pi * TONE * moments / 48_000)
        # The level, over the millisecond in which the tone goes round once.
        width = 48
        level = 2 * numpy.abs(numpy.convolve(turned, numpy.ones(width) / width, "valid"))
        is_loud = level > (QUIET + LOUD) / 2
        rises = numpy.flatnonzero(is_loud[1:] & ~is_loud[:-1]) + 1
        # Half of the level is reached half of the way up, which takes three milliseconds.
        beeps = (begin + rises + width / 2) / 48_000 - 0.0015 + (self._sound_start or 0)
        steps = numpy.abs(numpy.diff(sound, 3))
        clicks = int((steps > 0.03).sum() > 0)
        # The turn of the phase from tenth to tenth, of what lies between two loud sounds.
        tenths = turned[: len(turned) // 4800 * 4800].reshape(-1, 4800).mean(axis=1)
        levels = numpy.abs(tenths)
        turns = numpy.angle(tenths[1:] / numpy.where(levels[:-1] > 0, tenths[:-1], 1)) / (2 * math.pi * 0.1)
        steady = (levels[1:] > 0.8 * QUIET / 2) & (levels[:-1] > 0.8 * QUIET / 2)
        pitch = float(numpy.abs(numpy.median(turns[steady]))) / TONE * 100 if steady.any() else 0.0
        with self._lock:
            known = self._beeps[side]
            known += [beep for beep in beeps if not known or beep > known[-1] + 0.3]
            self._clicks[side] += clicks
            self._pitch[side] = max(self._pitch[side], pitch)
