"""What a viewer notices when a process is killed: of Bulkhead a child, of ffmpeg all of it, restarted by a shell loop."""

from __future__ import annotations

import os
import shlex
import signal
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from .measurements import START_TIMEOUT, percentile
from .peers import Bulkhead, FFmpeg, Task
from .processes import MeasurementError, Running
from .rtmp import MediaMessage, Player
from .server import APP, Server

SETTLING = 2.0
"""From the first picture to the first kill, in seconds."""
PAUSE = 1.6
"""From one kill to the next, in seconds: a standby has been started again by then."""
PATIENCE = 15.0
"""How long the stream may stay away after a kill, in seconds."""


@dataclass
class Takeovers:
    """What was seen of some kills, in milliseconds, sorted."""

    next_unit: list[float] = field(default_factory=list)
    """From the kill to the next access unit at the viewer."""
    gap: list[float] = field(default_factory=list)
    """The longest time between two access units around the kill."""
    quiet_gap: float = 0
    """The longest usual one: the 99th percentile where nothing was killed."""

    @property
    def above_quiet(self) -> list[float]:
        return [max(0.0, gap - self.quiet_gap) for gap in self.gap]


class Killer:
    """Kills processes of a broadcast that is on air, with a viewer."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._server = server
        self._folder = folder

    def bulkhead(self, peer: Bulkhead, task: Task, child: str, kills: int) -> Takeovers:
        key = self._server.new_key()
        command = peer.command(replace(task, output=self._server.url(key))) + ["--loop"]
        return self._run(command, key, child, kills)

    def ffmpeg(self, peer: FFmpeg, task: Task, kills: int) -> Takeovers:
        key = self._server.new_key()
        command = shlex.join(peer.command(replace(task, output=self._server.url(key))))
        # The loop that people write, and an end for it.
        loop = f"trap 'kill $child; exit' INT; while :; do {command} & child=$!; wait $child; done"
        return self._run(["sh", "-c", loop], key, peer.program.name, kills)

    def _run(self, command: list[str], key: str, victim: str, kills: int) -> Takeovers:
        with Player(self._server.port, APP, key) as player:
            with Running(command, self._folder) as running:
                player.first_access_unit(START_TIMEOUT, running.check)
                time.sleep(SETTLING)
                moments = []
                for _ in range(kills):
                    # The oldest is the one on air, its standby is younger.
                    os.kill(running.descendant(victim), signal.SIGKILL)
                    moments.append(time.monotonic())
                    self._await_unit(player, moments[-1])
                    time.sleep(PAUSE)
            units = [message for message in player.messages if message.is_access_unit]
        return _judge(units, moments)

    @staticmethod
    def _await_unit(player: Player, since: float) -> None:
        while not any(message.is_access_unit and message.arrival > since for message in player.messages[-20:]):
            if time.monotonic() - since > PATIENCE:
                raise MeasurementError(f"the stream did not come back within {PATIENCE:.0f} s")
            time.sleep(0.01)


def _judge(units: list[MediaMessage], moments: list[float]) -> Takeovers:
    arrivals = [unit.arrival for unit in units]
    steps = list(zip(arrivals, arrivals[1:]))
    found = Takeovers()
    for moment in moments:
        found.next_unit.append((min(arrival for arrival in arrivals if arrival > moment) - moment) * 1000)
        around = [after - before for before, after in steps if after > moment and before < moment + PAUSE / 2]
        found.gap.append(max(around) * 1000)
    quiet = sorted(
        (after - before) * 1000
        for before, after in steps
        if before > arrivals[0] + SETTLING / 2
        and not any(after > moment and before < moment + PAUSE / 2 for moment in moments)
    )
    found.quiet_gap = percentile(quiet, 99) if quiet else 0
    found.next_unit.sort()
    found.gap.sort()
    return found
