"""Processes under measurement: their start, what they take of the machine, and their certain end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20


class MeasurementError(Exception):
    """A measurement that could not be made; the text is for a person."""


@dataclass(frozen=True)
class Usage:
    """What a process and all its descendants had taken at one moment."""

    at: float
    """Monotonic seconds."""
    cpu: dict[str, float]
    """CPU seconds by program; programs that run twice are numbered."""

    @property
    def total(self) -> float:
        return sum(self.cpu.values())

    def since(self, earlier: Usage) -> Usage:
        """What was taken since `earlier`, by the same processes: `at` becomes the time between."""
        if self.cpu.keys() != earlier.cpu.keys():
            raise MeasurementError(
                "processes came or went during a measurement: "
                f"{', '.join(earlier.cpu)} became {', '.join(self.cpu)}"
            )
        return Usage(
            at=self.at - earlier.at, cpu={name: self.cpu[name] - earlier.cpu[name] for name in self.cpu}
        )


@dataclass
class Memory:
    """The most memory that a process and all its descendants were seen to hold, in bytes."""

    resident: int = 0
    """The sum of the resident sets: what processes share counts once for each of them."""
    proportional: int = 0
    """The sum of the proportional sets: what processes share is divided among them."""

    def include(self, other: Memory) -> None:
        self.resident = max(self.resident, other.resident)
        self.proportional = max(self.proportional, other.proportional)


@dataclass
class Running:
    """A program that has been started, in a session of its own.

    Use it in a `with` statement: at its end the program and all its descendants are gone.
    """

    command: list[str]
    folder: Path
    capture: bool = False
    """Whether standard output is read by the caller instead of being logged."""
    started: float = field(init=False)
    """Monotonic seconds right before the start."""

    def __enter__(self) -> Running:
        self._log = open(self.folder / "output.log", "ab+")
        self._log_start = self._log.seek(0, os.SEEK_END)
        self._seen: set[int] = set()
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if self.capture else self._log,
            stderr=self._log,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self.process.stdout:
            self.process.stdout.close()
        self._log.close()

    # Course

    def wait(self, seconds: float) -> None:
        """Waits for a clean end."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise MeasurementError(f"{self.name} did not end within {seconds:.0f} s{self._said()}") from None
        if code != 0:
            raise MeasurementError(f"{self.name} ended with code {code}{self._said()}")

    def check(self) -> None:
        """Complains when the program has ended."""
        if self.process.poll() is not None:
            raise MeasurementError(f"{self.name} ended with code {self.process.returncode}{self._said()}")

    def stop(self) -> None:
        """Ends the program as Control-C does, and kills what is left of it after five seconds."""
        self._descendants()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        # Descendants end with their parent; this is for a bug in that.
        deadline = time.monotonic() + 2
        while leftover := [pid for pid in self._seen if _parent(pid) is not None]:
            if time.monotonic() > deadline:
                for pid in leftover:
                    os.kill(pid, signal.SIGKILL)
                raise MeasurementError(f"{self.name} left {len(leftover)} processes behind")
            time.sleep(0.01)

    # Figures

    @property
    def name(self) -> str:
        return Path(self.command[0]).name

    def usage(self) -> Usage:
        """What the processes have taken up to now."""
        self.check()
        cpu: dict[str, float] = {}
        at = time.monotonic()
        for pid in self._descendants():
            name = base = _program(pid)
            number = 2
            while name in cpu:
                name, number = f"{base} {number}", number + 1
            # The CPU clock of another process, as clock_getcpuclockid(3) names it: exact, where /proc counts in ticks.
            cpu[name] = time.clock_gettime((~pid << 3) | 2)
        return Usage(at=at, cpu=cpu)

    def memory(self) -> Memory:
        """What the processes hold now."""
        memory = Memory()
        for pid in self._descendants():
            try:
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    key, _, value = line.partition(":")
                    if key == "Rss":
                        memory.resident += int(value.split()[0]) * 1024
                    elif key == "Pss":
                        memory.proportional += int(value.split()[0]) * 1024
            except (OSError, IndexError):
                continue
        return memory

    def descendant(self, program: str) -> int:
        """The process that has been running `program` for the longest time."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            # The name that is looked for may be a shell's own argument: only the program itself counts.
            found = [pid for pid in self._descendants() if _program(pid) == program]
            if found:
                return min(found, key=_start)
            time.sleep(0.01)
        raise MeasurementError(f"no process of {self.name} runs {program}{self._said()}")

    def _descendants(self) -> list[int]:
        """The program and all processes below it, the oldest first."""
        if self.process.returncode is not None:
            return []
        children: dict[int, list[int]] = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit() and (parent := _parent(int(entry))) is not None:
                children.setdefault(parent, []).append(int(entry))
        found = [self.process.pid]
        for pid in found:
            found += sorted(children.get(pid, []))
        self._seen.update(found[1:])
        return found

    def _said(self) -> str:
        """The last that it wrote, for an error's text."""
        self._log.seek(self._log_start)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return "".join(f"\n    {line}" for line in lines[-8:])


def _parent(pid: int) -> int | None:
    """The parent's process id; None when the process is gone or only waits to be reaped."""
    try:
        # The program's name stands in brackets and may contain anything.
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (OSError, ValueError):
        return None
    return None if state in "ZX" else int(parent)


def _start(pid: int) -> int:
    """When the process was started, in clock ticks since the machine was."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError):
        return sys.maxsize


def _program(pid: int) -> str:
    try:
        return Path(os.readlink(f"/proc/{pid}/exe")).name
    except OSError:
        return "ended"
