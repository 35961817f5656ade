"""Links to servers: what each of them costs, and what becomes of the stream when its server goes away and comes back."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from .measurements import SETTLING, START_TIMEOUT
from .media import FRAMES_PER_SECOND
from .paths import NarrowPath
from .peers import FFmpeg, Peer, Task
from .processes import MeasurementError, Running
from .rtmp import MediaMessage, Player
from .server import APP, Server

OUTAGE = 3.0
"""How long a server stays away, in seconds."""
PATIENCE = 20.0
"""How long the stream may stay away once the server is back, in seconds."""
NARROW = 15.0
"""How long a path is narrow, in seconds."""
AFTERWARDS = 3.0
"""How long is watched once the stream is back, in seconds: what was kept is sent again meanwhile."""


class LinkBench:
    """Runs a peer with several destinations, or with a server that goes away."""

    def __init__(self, server: Server, bulkhead: Path, folder: Path) -> None:
        self._server = server
        self._bulkhead = bulkhead
        self._folder = folder

    # What a link costs

    def cpu(self, peer: Peer, task: Task, links: int, seconds: float) -> float:
        """CPU seconds for a minute of stream, of the whole broadcaster with so many links."""
        keys = [self._server.new_key() for _ in range(links)]
        urls = [self._server.url(key) for key in keys]
        command = peer.command(replace(task, output=urls[0], more_outputs=tuple(urls[1:])))
        with Player(self._server.port, APP, keys[-1]) as player, Running(command, self._folder) as running:
            player.first_access_unit(START_TIMEOUT, running.check)
            time.sleep(SETTLING)
            before, begin = running.usage(), len(player.messages)
            time.sleep(seconds)
            usage = running.usage().since(before)
            pictures = sum(message.is_access_unit for message in player.messages[begin:])
        if pictures < seconds * FRAMES_PER_SECOND / 2:
            raise MeasurementError(f"only {pictures} pictures of {peer.name} reached the last of {links} servers")
        return usage.total * 60 * FRAMES_PER_SECOND / pictures

    # A server that goes away

    def outages(self, peer: Peer, task: Task, count: int, is_restarted: bool = False) -> Outages:
        """Kills the server, starts it again on the same port, and sees when pictures come again and which are missing.

        With `is_restarted` the peer is started again by a shell loop whenever it ends.
        """
        found = Outages()
        with _MortalServer(self._bulkhead) as server:
            url = f"rtmp://127.0.0.1:{server.port}/{APP}/outage"
            command = peer.command(replace(task, output=url))
            if is_restarted:
                # The loop that people write, and an end for it.
                command = ["sh", "-c", "trap 'kill $child; exit' INT; while :; do "
                           f"{shlex.join(command)} & child=$!; wait $child; done"]  # fmt: skip
            player = Player(server.port, APP, "outage")
            try:
                with Running(command, self._folder) as running:
                    player.first_access_unit(START_TIMEOUT, running.check)
                    for _ in range(count):
                        time.sleep(SETTLING)
                        seen = _units(player)
                        server.kill()
                        killed = time.monotonic()
                        seen += [unit for unit in _units(player) if unit.arrival > seen[-1].arrival]
                        player.__exit__()
                        time.sleep(max(0, killed + OUTAGE - time.monotonic()))
                        back = server.start()
                        player = Player(server.port, APP, "outage")
                        first = player.first_access_unit(PATIENCE)
                        time.sleep(AFTERWARDS)
                        found.add(seen, _units(player), (first.arrival - back) * 1000, begins_anew=is_restarted)
            finally:
                player.__exit__()
        found.on_air.sort()
        return found


    # A path that gets narrow

    def narrow(self, peer: Peer, task: Task, share: float, flags: list[str] | None = None) -> Narrowness:
        """Lets only `share` of the stream through for a while; 0 for a server that reads nothing for a fifth of it."""
        key = self._server.new_key()
        bits = (task.video_kilobits + task.audio_kilobits) * 1000
        with NarrowPath(self._server.port) as path, Player(self._server.port, APP, key) as player:
            command = peer.command(replace(task, output=f"rtmp://127.0.0.1:{path.port}/{APP}/{key}"))
            with Running(command + (flags or []), self._folder) as running:
                player.first_access_unit(START_TIMEOUT, running.check)
                time.sleep(SETTLING)
                begin = time.monotonic()
                path.bytes_per_second = bits / 8 * share
                time.sleep(NARROW if share > 0 else NARROW / 5)
                path.bytes_per_second = None
                time.sleep(NARROW / 2)
                units = _units(player)
        return _judge_narrow([unit for unit in units if unit.arrival > begin - SETTLING / 2])


@dataclass
class Narrowness:
    """What a viewer had of a stream while its path was narrow."""

    lost: int
    """Pictures that never came."""
    longest_gap: float
    """Between two pictures, in milliseconds."""
    worst_delay: float
    """How much later a picture came than it would have before, in milliseconds."""
    kilobits: float
    """What came in a second, on average."""


def _judge_narrow(units: list[MediaMessage]) -> Narrowness:
    first = units[0]
    times = {unit.milliseconds for unit in units}
    expected = round((max(times) - min(times)) * FRAMES_PER_SECOND / 1000) + 1
    arrivals = [unit.arrival for unit in units]
    delays = [
        (unit.arrival - first.arrival) * 1000 - (unit.milliseconds - first.milliseconds) for unit in units
    ]
    span = max(arrivals[-1] - arrivals[0], 0.001)
    return Narrowness(
        lost=max(0, expected - len(times)),
        longest_gap=max(after - before for before, after in zip(arrivals, arrivals[1:])) * 1000,
        worst_delay=max(delays),
        kilobits=sum(len(unit.payload) for unit in units) * 8 / span / 1000,
    )


@dataclass
class Outages:
    """What was seen of some outages of a server, sorted."""

    on_air: list[float] = field(default_factory=list)
    """From the moment at which the server listens again to the next picture, in milliseconds."""
    lost: list[float] = field(default_factory=list)
    """Pictures that no viewer of the server ever gets, in both of its lives."""

    def add(
        self, before: list[MediaMessage], after: list[MediaMessage], on_air: float, begins_anew: bool
    ) -> None:
        self.on_air.append(on_air)
        # By timestamps where they go on; one that begins anew has lost all the time between.
        times = {unit.milliseconds for unit in before[-2 * FRAMES_PER_SECOND :]}
        start, end = min(times), max(times)
        later = {unit.milliseconds for unit in after}
        if not begins_anew and max(later) > end:
            expected = round((max(later) - start) * FRAMES_PER_SECOND / 1000) + 1
            self.lost.append(max(0, expected - len(times | {time for time in later if time >= start})))
        else:
            gap = after[0].arrival - before[-1].arrival
            self.lost.append(max(0, round(gap * FRAMES_PER_SECOND) - 1))


class _MortalServer:
    """A server of its own that is killed, and started again on the port that it had."""

    def __init__(self, bulkhead: Path) -> None:
        self._bulkhead = bulkhead
        self.port = 0

    def __enter__(self) -> _MortalServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> float:
        """Returns the moment at which it listens."""
        command = [str(self._bulkhead), "serve", "--listen", f"127.0.0.1:{self.port}", "--json"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        line = self._process.stdout.readline() if self._process.stdout else b""
        moment = time.monotonic()
        try:
            self.port = int(json.loads(line)["values"]["port"])
        except (ValueError, KeyError):
            self.kill()
            raise MeasurementError(f"bulkhead serve did not say where it listens, but: {line!r}") from None
        return moment

    def kill(self) -> None:
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


class RecoveringFFmpeg(FFmpeg):
    """ffmpeg with its fifo muxer, set as its documentation shows for a server that goes away."""

    name = "ffmpeg -f fifo"

    def command(self, task: Task) -> list[str]:
        command = super().command(task)
        fifo = ["-f", "fifo", "-fifo_format", "flv", "-drop_pkts_on_overflow", "1", "-attempt_recovery", "1"]
        fifo += ["-recovery_wait_time", "1", "-map", "0:v", "-map", "0:a"]
        return command[:-3] + fifo + [task.output]


def _units(player: Player) -> list[MediaMessage]:
    return [message for message in player.messages if message.is_access_unit]
