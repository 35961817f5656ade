"""The measurements, one function each: they run a peer once and return what was seen."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path

from .media import FRAMES_PER_SECOND, Camera, Studio
from .peers import Peer, Task
from .processes import MIB, Memory, MeasurementError, Running, Usage
from .rtmp import VIDEO, MediaMessage, Player
from .server import APP, Server

START_TIMEOUT = 15.0
"""How long the first picture may take, in seconds."""
SETTLING = 3.0
"""From the first picture to the begin of a measurement, in seconds: by then standbys wait and the slate is encoded."""


@dataclass
class Course:
    """What was seen of one broadcast in real time."""

    seconds: float
    usage: Usage
    memory: Memory
    pictures: int
    """Pictures at the viewer in that time."""
    first_picture: float
    """From the command's start to the first picture at the viewer, in seconds."""
    latencies: list[float]
    """Of a live source's pictures, from the source to the viewer, in seconds."""

    @property
    def cpu_per_minute(self) -> float:
        """CPU seconds for each minute of stream that reached the viewer."""
        return self.usage.total * 60 * FRAMES_PER_SECOND / self.pictures

    @property
    def kept_up(self) -> bool:
        """Whether the stream came in real time."""
        return abs(self.pictures / (self.seconds * FRAMES_PER_SECOND) - 1) < 0.05

    def microseconds_per_frame(self, program: str) -> float:
        """CPU time of one of the processes."""
        if program not in self.usage.cpu:
            raise MeasurementError(f"{program} was not running, only {', '.join(self.usage.cpu)}")
        return self.usage.cpu[program] * 1e6 / self.pictures


class Laboratory:
    """What the measurements share: the server, the material, a folder that goes away."""

    def __init__(self, server: Server, studio: Studio, folder: Path) -> None:
        self._server = server
        self._studio = studio
        self._folder = folder
        self._pictures: dict[tuple[int, int], list[bytes]] = {}

    # In real time

    def broadcast_file(self, peer: Peer, task: Task, seconds: float) -> Course:
        """A file in real time, to the server, with a viewer."""
        key = self._server.new_key()
        with Player(self._server.port, APP, key) as player:
            with Running(peer.command(replace(task, output=self._server.url(key))), self._folder) as running:
                return self._observe(running, player, seconds)

    def broadcast_live(self, peer: Peer, task: Task, seconds: float) -> Course:
        """A live source of raw pictures, to the server, with a viewer that tells when each picture came."""
        size = (task.width, task.height)
        if size not in self._pictures:
            self._pictures[size] = self._studio.raw_pictures(*size, count=2 * FRAMES_PER_SECOND)
        key = self._server.new_key()
        with Camera(self._pictures[size], *size) as camera, Player(self._server.port, APP, key) as player:
            live = replace(task, source=camera.url, output=self._server.url(key), live_format=camera.format)
            with Running(peer.command(live), self._folder) as running:
                course = self._observe(running, player, seconds)
                begin = time.monotonic() - course.seconds
            captured = camera.captured()
            arrivals = self._arrivals(player.messages, *size)
        course.latencies = sorted(
            arrivals[number] - captured[number]
            for number in arrivals
            if number in captured and begin <= captured[number] <= begin + seconds - 1
        )
        if len(course.latencies) < FRAMES_PER_SECOND:
            raise MeasurementError(f"only {len(course.latencies)} pictures of {peer.name} could be told apart")
        return course

    def _observe(self, running: Running, player: Player, seconds: float) -> Course:
        first = player.first_access_unit(START_TIMEOUT, running.check)
        time.sleep(SETTLING)
        memory = Memory()
        before, begin = running.usage(), len(player.messages)
        end = before.at + seconds
        while (rest := end - time.monotonic()) > 0:
            memory.include(running.memory())
            time.sleep(min(0.5, rest))
        usage = running.usage().since(before)
        pictures = sum(message.is_access_unit for message in player.messages[begin:])
        if pictures < FRAMES_PER_SECOND:
            raise MeasurementError(f"only {pictures} pictures of {running.name} reached the viewer")
        return Course(usage.at, usage, memory, pictures, first.arrival - running.started, [])

    def _arrivals(self, messages: list[MediaMessage], width: int, height: int) -> dict[int, float]:
        """When the number of each picture first reached the viewer."""
        video = [message for message in messages if message.type == VIDEO]
        units = sorted(
            (message for message in video if message.is_access_unit), key=lambda unit: unit.presentation_milliseconds
        )
        numbers = self._studio.frame_numbers(flv_file(video), width, height)
        if len(numbers) != len(units):
            raise MeasurementError(f"{len(units)} access units were decoded to {len(numbers)} pictures")
        arrivals: dict[int, float] = {}
        for number, unit in zip(numbers, units):
            if number is not None:
                arrivals[number] = min(unit.arrival, arrivals.get(number, unit.arrival))
        return arrivals

    # Start

    def start_up(self, peer: Peer, task: Task) -> float:
        """Seconds from the command's start to the first picture at a viewer that is already waiting."""
        key = self._server.new_key()
        with Player(self._server.port, APP, key) as player:
            with Running(peer.command(replace(task, output=self._server.url(key))), self._folder) as running:
                first = player.first_access_unit(START_TIMEOUT, running.check)
                return first.arrival - running.started

    # As fast as possible

    def frames_per_second(self, peer: Peer, task: Task, frames: int) -> float:
        """The whole command's speed: from its start to its end."""
        output = self._folder / f"{peer.name}.flv"
        output.unlink(missing_ok=True)
        with Running(peer.command(replace(task, output=str(output), is_fast=True)), self._folder) as running:
            running.wait(120)
            seconds = time.monotonic() - running.started
        if output.stat().st_size < 100_000:
            raise MeasurementError(f"{peer.name} wrote only {output.stat().st_size} bytes")
        return frames / seconds


def percentile(values: list[float], percent: float) -> float:
    """Of sorted values, the one below which `percent` of them lie."""
    return values[min(len(values) - 1, int(len(values) * percent / 100))]


def median(values: list[float]) -> float:
    return statistics.median(values)


def mebibytes(count: float) -> float:
    return count / MIB


def flv_file(video: list[MediaMessage]) -> bytes:
    """An FLV file of video messages: FLV 10.1, appendix E."""
    parts = [b"FLV\x01\x01\0\0\0\x09\0\0\0\0"]
    for message in video:
        time_bytes = message.milliseconds.to_bytes(4, "big")
        size = len(message.payload)
        header = bytes([VIDEO]) + size.to_bytes(3, "big") + time_bytes[1:] + time_bytes[:1] + b"\0\0\0"
        parts += [header, message.payload, (size + 11).to_bytes(4, "big")]
    return b"".join(parts)
