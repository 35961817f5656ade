"""The command: what is measured in which order, and what is printed."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from .links import LinkBench, RecoveringFFmpeg
from .measurements import Course, Laboratory, mebibytes, median, percentile
from .media import FRAMES_PER_SECOND, Studio
from .mixing import LAYOUTS, Layout, MixingBench
from .peers import Bulkhead, FFmpeg, Peer, Task
from .processes import MeasurementError
from .report import Aim, Figure, load, machine, table
from .server import Server
from .takeovers import Killer

PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    rounds: int
    start_ups: int
    seconds: float
    """Of each broadcast in real time."""
    kills: int
    """Of each child."""
    outages: int
    """Of a server, for each peer."""
    fast_seconds: int
    """Of material for each run that is as fast as possible."""
    scene_changes: int


FULL = Extent(rounds=5, start_ups=7, seconds=4, kills=12, outages=5, fast_seconds=4, scene_changes=50)
QUICK = Extent(rounds=1, start_ups=3, seconds=4, kills=4, outages=2, fast_seconds=4, scene_changes=20)


class Benchmark:
    """One run of all measurements."""

    def __init__(
        self,
        bulkhead: Bulkhead,
        ffmpeg: FFmpeg,
        laboratory: Laboratory,
        killer: Killer,
        links: LinkBench,
        mixing: MixingBench,
        studio: Studio,
        extent: Extent,
    ):
        self._peers: tuple[Peer, Peer] = (bulkhead, ffmpeg)
        self._bulkhead = bulkhead
        self._laboratory = laboratory
        self._killer = killer
        self._links = links
        self._mixing = mixing
        self._studio = studio
        self._extent = extent
        self.notes: list[str] = []

    def run_links(self) -> list[Figure]:
        """Only what is about links."""
        _say("preparing the material")
        return self._all_links(Task(self._studio.file(1280, 720, seconds=20, megabits=4), "", 1280, 720))

    def run_mixing(self) -> list[Figure]:
        """Only what is about several inputs in one picture."""
        _say("preparing the material")
        return self._all_mixing(self._studio.file(1280, 720, seconds=20, megabits=4))

    def run(self, plugin: Path, wire_hop: Path) -> list[Figure]:
        _say("preparing the material")
        file = self._studio.file(1280, 720, seconds=20, megabits=4)
        low_latency = Task(file, "", 1280, 720)
        look_ahead = replace(low_latency, has_look_ahead=True)

        figures = self._start_up(low_latency)
        files = self._courses("file in real time", self._laboratory.broadcast_file, low_latency)
        files_ahead = self._courses("file in real time with look-ahead", self._laboratory.broadcast_file, look_ahead)
        live = self._courses("live source", self._laboratory.broadcast_live, low_latency)
        figures += [
            _cpu("CPU of a file, zerolatency", files),
            _cpu("CPU of a file, look-ahead", files_ahead),
            _cpu("CPU of a raw live source, zerolatency", live),
            _latency("latency of a live source, median", live, 50),
            _latency("latency of a live source, 99th percentile", live, 99),
            *_memory("a file, zerolatency", files),
            *_memory("a file, look-ahead", files_ahead),
        ]
        figures += self._throughput(low_latency)
        figures += self._takeovers(low_latency, look_ahead, plugin)
        figures += self._hops(low_latency, files[0], plugin, wire_hop)
        figures += self._all_mixing(file)
        figures += self._all_links(low_latency)
        return figures

    def _start_up(self, task: Task) -> list[Figure]:
        seconds = self._rounds(
            "start-up", self._extent.start_ups, lambda peer: self._laboratory.start_up(peer, task)
        )
        return [Figure("start to first picture at a waiting viewer", "s", *seconds, aim=Aim(0.3, "s"), digits=2)]

    def _courses(
        self, title: str, measure: Callable[[Peer, Task, float], Course], task: Task
    ) -> tuple[list[Course], list[Course]]:
        courses = self._rounds(title, self._extent.rounds, lambda peer: measure(peer, task, self._extent.seconds))
        for peer, own in zip(self._peers, courses):
            slow = sum(not course.kept_up for course in own)
            if slow:
                self.notes.append(f"{title}: {peer.name} did not keep up in {slow} of {len(own)} runs.")
        return courses

    def _throughput(self, low_latency: Task) -> list[Figure]:
        seconds = self._extent.fast_seconds
        large = replace(low_latency, source=self._studio.file(1920, 1080, seconds, 8), width=1920, height=1080)
        small = replace(low_latency, source=self._studio.file(1280, 720, 2 * seconds, 4))
        tasks = {
            "720p, zerolatency": (small, 2 * seconds),
            "1080p, zerolatency": (large, seconds),
            "1080p, look-ahead": (replace(large, has_look_ahead=True), seconds),
        }
        figures = []
        for title, (task, duration) in tasks.items():
            frames = duration * FRAMES_PER_SECOND
            speeds = self._rounds(
                f"as fast as possible, {title}",
                self._extent.rounds,
                lambda peer, task=task, frames=frames: self._laboratory.frames_per_second(peer, task, frames),
            )
            aim = Aim(1, at_least=True)
            figures.append(Figure(f"as fast as possible, {title}", "frames/s", *speeds, aim=aim))
        return figures

    def _takeovers(self, low_latency: Task, look_ahead: Task, plugin: Path) -> list[Figure]:
        """What a viewer notices of kills. All of ffmpeg dies, whatever of it has failed."""
        bulkhead, ffmpeg = self._peers
        assert isinstance(bulkhead, Bulkhead) and isinstance(ffmpeg, FFmpeg)
        kills = self._extent.kills
        victims = {
            "encoder, zerolatency": (low_latency, "bulkhead-encoder"),
            "encoder, look-ahead": (look_ahead, "bulkhead-encoder"),
            "source": (low_latency, "bulkhead-source"),
            "plugin host": (replace(low_latency, plugin=plugin), "bulkhead-plugin-host"),
        }
        theirs = {}
        for task in (low_latency, look_ahead):
            _say("killing ffmpeg in a shell loop")
            theirs[task.has_look_ahead] = self._killer.ffmpeg(ffmpeg, task, max(3, kills // 3))
        figures = []
        for name, (task, program) in victims.items():
            _say(f"killing: {name}")
            ours = self._killer.bulkhead(bulkhead, task, program, kills)
            other = theirs[task.has_look_ahead]
            figures += [
                _kills(f"SIGKILL of the {name}: to the next access unit, median", ours.next_unit, other.next_unit, 50),
                _kills(f"SIGKILL of the {name}: longest gap, median", ours.gap, other.gap, 50),
                _kills(f"SIGKILL of the {name}: longest gap, worst", ours.gap, other.gap, 100),
                _kills(f"SIGKILL of the {name}: gap above the usual, worst", ours.above_quiet, other.above_quiet, 100),
            ]
        return figures

    def _hops(self, task: Task, plain: list[Course], plugin: Path, wire_hop: Path) -> list[Figure]:
        """What the way through separate processes costs."""
        _say("the cost of processes")
        filtered = [
            self._laboratory.broadcast_file(self._bulkhead, replace(task, plugin=plugin), self._extent.seconds)
            for _ in range(min(3, self._extent.rounds))
        ]
        master, host = self._bulkhead.program.name, "bulkhead-plugin-host"
        own = [course.microseconds_per_frame(master) for course in plain]
        added = [course.microseconds_per_frame(master) - median(own) for course in filtered]
        there = [course.microseconds_per_frame(host) for course in filtered]
        figures = [
            Figure("all of the master's work: hub, timeline, RTMP", "µs/frame", own, [], digits=0),
            Figure("a plugin: added to the master's work", "µs/frame", added, [], digits=0),
            Figure(f"a plugin: its host, with the work of {plugin.stem}", "µs/frame", there, [], digits=0),
        ]
        done = subprocess.run([str(wire_hop)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise MeasurementError(f"{wire_hop.name} failed: {done.stderr.strip()}")
        for line in done.stdout.splitlines():
            name, _, value = line.rpartition(":")
            figures.append(Figure(name, "µs/frame", [float(value)], [], digits=1))
        return figures

    def _all_mixing(self, file: str) -> list[Figure]:
        figures = [figure for layout in LAYOUTS for figure in self._mixed(layout, file)]
        with_layout: list[float] = []
        without: list[float] = []
        for number in range(self._extent.rounds):
            _say(f"one input, with a layout and without, round {number + 1} of {self._extent.rounds}")
            for has_layout in (True, False) if number % 2 == 0 else (False, True):
                cpu = self._mixing.unmixed(file, self._extent.seconds, has_layout)
                (with_layout if has_layout else without).append(cpu)
        _say("changes of scene")
        changes = [seconds * 1000 for seconds in self._mixing.scene_changes(self._extent.scene_changes)]
        return figures + [
            Figure("CPU of one input with a layout (other: without)", "s for a minute of stream",
                   with_layout, without, aim=Aim(1)),
            Figure("scene change: command to the first picture that shows it, median", "ms",
                   [percentile(changes, 50)], [], digits=0),
            Figure("scene change: command to the first picture that shows it, worst", "ms",
                   [percentile(changes, 100)], [], digits=0),
        ]  # fmt: skip

    def _mixed(self, layout: Layout, file: str) -> list[Figure]:
        """What several inputs in one picture take, beside each of the others in the same rounds."""
        peers = self._mixing.peers(layout)
        note = "GStreamer is not installed: mixing is compared with ffmpeg alone."
        if len(peers) < 3 and note not in self.notes:
            self.notes.append(note)
        seconds: dict[str, list[float]] = {peer.name: [] for peer in peers}
        for number in range(self._extent.rounds):
            _say(f"{layout.title}, round {number + 1} of {self._extent.rounds}")
            # Who begins changes, so that none always finds the machine as the same other left it.
            begin = number % len(peers)
            for peer in peers[begin:] + peers[:begin]:
                seconds[peer.name].append(self._mixing.mixed(peer, file, self._extent.seconds))
        ours, *others = peers
        return [
            Figure(f"CPU of {layout.title} (other: {other.name})", "s for a minute of stream",
                   seconds[ours.name], seconds[other.name], aim=Aim(1))
            for other in others
        ]  # fmt: skip

    def _all_links(self, task: Task) -> list[Figure]:
        figures = []
        alone: tuple[list, list] = ([], [])
        for count in (1, 2, 5, 10):
            seconds = self._rounds(
                f"{count} links", self._extent.rounds,
                lambda peer, count=count: self._links.cpu(peer, task, count, self._extent.seconds),
            )  # fmt: skip
            if count == 1:
                alone = seconds
                continue
            # What each link costs beside the first, in thousandths of a core.
            added = [
                [(cpu - one) / (count - 1) / 60 * 1000 for cpu, one in zip(own, ones)]
                for own, ones in zip(seconds, alone)
            ]
            figures.append(Figure(f"CPU with {count} links (ffmpeg: tee)", "s for a minute of stream", *seconds))
            figures.append(Figure(f"CPU of each link beside the first, {count} links", "‰ of a core", *added))
        long_task = replace(task, source=self._studio.file(1280, 720, seconds=120, megabits=4))
        return figures + self._narrow_paths(long_task) + self._outages(long_task)

    def _narrow_paths(self, task: Task) -> list[Figure]:
        """A path that carries three fifths of the stream for a while; a server that reads nothing for three seconds."""
        bulkhead, ffmpeg = self._peers
        figures = []
        for share, name in ((0.6, "three fifths of the stream come through for 15 s"), (0, "nothing is read for 3 s")):
            _say(name)
            found = {
                "": self._links.narrow(bulkhead, task, share),
                ", bitrate fixed": self._links.narrow(bulkhead, task, share, ["--congestion", "none"]),
            }
            theirs = self._links.narrow(ffmpeg, task, share)
            for way, ours in found.items():
                figures += [
                    Figure(f"{name}{way}: pictures lost", "frames", [ours.lost], [theirs.lost], digits=0),
                    Figure(f"{name}{way}: longest gap", "ms", [ours.longest_gap], [theirs.longest_gap], digits=0),
                    Figure(f"{name}{way}: worst delay", "ms", [ours.worst_delay], [theirs.worst_delay], digits=0),
                    Figure(f"{name}{way}: carried", "kbit/s", [ours.kilobits], [theirs.kilobits], digits=0),
                ]
        return figures

    def _outages(self, task: Task) -> list[Figure]:
        """What becomes of the stream when its server goes away for three seconds."""
        bulkhead, ffmpeg = self._peers
        count = self._extent.outages
        _say("a server that comes back: Bulkhead")
        ours = self._links.outages(bulkhead, task, count)
        _say("a server that comes back: ffmpeg -f fifo")
        fifo = self._links.outages(RecoveringFFmpeg(ffmpeg.program), task, count)
        _say("a server that comes back: ffmpeg, restarted")
        restarted = self._links.outages(ffmpeg, task, count, is_restarted=True)
        figures = []
        for name, theirs in {"ffmpeg: -f fifo": fifo, "ffmpeg: restarted by a shell loop": restarted}.items():
            for percent, word in ((50, "median"), (100, "worst")):
                figures.append(
                    _kills(f"server back to picture, {word} ({name})", ours.on_air, theirs.on_air, percent)
                )
            figures.append(
                Figure(f"pictures lost at a server's outage of 3 s, worst ({name})", "frames",
                       [max(ours.lost)], [max(theirs.lost)], digits=0)
            )  # fmt: skip
        return figures

    def _rounds(
        self, title: str, count: int, measure: Callable[[Peer], object]
    ) -> tuple[list, list]:
        """`count` results of each peer, taken in turns."""
        results: tuple[list, list] = ([], [])
        for number in range(count):
            _say(f"{title}, round {number + 1} of {count}")
            # Who begins changes, so that neither always finds the machine as the other left it.
            for index in (0, 1) if number % 2 == 0 else (1, 0):
                results[index].append(measure(self._peers[index]))
        return results


def _cpu(name: str, courses: tuple[list[Course], list[Course]]) -> Figure:
    values = [[course.cpu_per_minute for course in own] for own in courses]
    return Figure(name, "s for a minute of stream", *values, aim=Aim(1))


def _kills(name: str, ours: list[float], theirs: list[float], percent: float) -> Figure:
    """One figure of each peer: they were killed another number of times."""
    return Figure(name, "ms", [percentile(ours, percent)], [percentile(theirs, percent)], digits=0)


def _latency(name: str, courses: tuple[list[Course], list[Course]], percent: float) -> Figure:
    values = [[percentile(course.latencies, percent) * 1000 for course in own] for own in courses]
    return Figure(name, "ms", *values, aim=Aim(1))


def _memory(name: str, courses: tuple[list[Course], list[Course]]) -> list[Figure]:
    proportional = [[mebibytes(course.memory.proportional) for course in own] for own in courses]
    resident = [[mebibytes(course.memory.resident) for course in own] for own in courses]
    return [
        Figure(f"peak memory, {name}", "MiB", *proportional, aim=Aim(250, "MiB"), digits=0),
        Figure(f"peak memory, {name}, shared pages counted in each process", "MiB", *resident, digits=0),
    ]


def _say(text: str) -> None:
    print(f"… {text}", file=sys.stderr, flush=True)


def _program(path: Path) -> Path:
    if not path.is_file():
        raise MeasurementError(f"there is no {path}: build it with: make build")
    return path


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="Benchmarks/run",
        description="Measures Bulkhead and the ffmpeg command side by side, in about half an hour.",
    )
    parser.add_argument("--quick", action="store_true", help="one round of short runs: nine minutes, rough figures")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--links", action="store_true", help="only what is about links to servers: three minutes")
    only.add_argument(
        "--mixing", action="store_true", help="only what is about several inputs in one picture: five minutes"
    )
    parser.add_argument(
        "--build", type=Path, default=PACKAGE / ".build/release", help="the folder of Bulkhead's programs"
    )
    parser.add_argument("--ffmpeg", default="ffmpeg", help="the ffmpeg command to compare with")
    arguments = parser.parse_args()
    try:
        found = shutil.which(arguments.ffmpeg)
        if not found:
            raise MeasurementError("there is no ffmpeg command: install it with: apt-get install ffmpeg")
        build: Path = arguments.build.resolve()
        program, plugin, wire_hop = (_program(build / name) for name in ("bulkhead", "libBorder.so", "wire-hop"))
        _print_results(program, Path(found), plugin, wire_hop, arguments)
    except MeasurementError as error:
        print(f"Benchmarks/run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _print_results(
    program: Path, ffmpeg: Path, plugin: Path, wire_hop: Path, arguments: argparse.Namespace
) -> None:
    extent = QUICK if arguments.quick else FULL
    load_before = load()
    with tempfile.TemporaryDirectory(prefix="bulkhead-bench-") as name:
        folder = Path(name)
        studio = Studio(ffmpeg, folder)
        with Server(program, folder) as server:
            laboratory = Laboratory(server, studio, folder)
            links = LinkBench(server, program, folder)
            mixing = MixingBench(server, studio, folder, program, ffmpeg)
            killer = Killer(server, folder)
            benchmark = Benchmark(Bulkhead(program), FFmpeg(ffmpeg), laboratory, killer, links, mixing, studio, extent)
            if arguments.mixing:
                figures = benchmark.run_mixing()
            elif arguments.links:
                figures = benchmark.run_links()
            else:
                figures = benchmark.run(plugin, wire_hop)
    print(machine(program, ffmpeg))
    print(
        f"H.264 by x264 {Task.preset}, {Task.video_kilobits} kbit/s, an IDR each {Task.keyframe_interval_seconds} s, "
        f"{Task.frames_per_second} frames/s; medians of {extent.rounds} rounds, of start-up {extent.start_ups}"
    )
    if load_before > 0.5:
        print(f"The machine was not idle: {load_before:.1f} processes were running before.")
    for note in benchmark.notes:
        print(note)
    print()
    print(table(figures))
