"""How Bulkhead and ffmpeg are told to do the same thing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Task:
    """One broadcast: from where, how coded, and where to."""

    source: str
    """A file's path, or an address that a live source listens at."""
    output: str
    """An RTMP URL, or the path of an FLV file."""
    width: int
    height: int
    more_outputs: tuple[str, ...] = ()
    """RTMP URLs of servers that get the same stream."""
    live_format: str = ""
    """Of a live source: its format, by FFmpeg's name."""
    is_fast: bool = False
    """As fast as possible instead of in real time."""
    has_look_ahead: bool = False
    """x264 with look-ahead and B-frames, not tuned for latency."""
    plugin: Path | None = None

    # What both are told of the encoding.
    frames_per_second = 30
    preset = "veryfast"
    video_kilobits = 2500
    buffer_milliseconds = 1000
    keyframe_interval_seconds = 2
    audio_kilobits = 128


class Peer(ABC):
    """A broadcaster."""

    name: str

    def __init__(self, program: Path) -> None:
        self.program = program

    @abstractmethod
    def command(self, task: Task) -> list[str]:
        """The command line that does `task`."""


class Bulkhead(Peer):
    name = "Bulkhead"

    def command(self, task: Task) -> list[str]:
        is_file = "://" not in task.output
        command = [str(self.program), "broadcast", task.source]
        if task.live_format:
            command += ["--input-format", task.live_format]
        command += [
            "--to", f"file:{task.output}" if is_file else task.output,
            "--size", f"{task.width}x{task.height}",
            "--fps", str(task.frames_per_second),
            "--preset", task.preset,
            "--tune", "none" if task.has_look_ahead else "zerolatency",
            "--video-bitrate", f"{task.video_kilobits}k",
            "--buffer", str(task.buffer_milliseconds),
            "--keyframe-interval", str(task.keyframe_interval_seconds),
            "--audio-bitrate", f"{task.audio_kilobits}k",
        ]  # fmt: skip
        for output in task.more_outputs:
            command += ["--to", output]
        if task.is_fast:
            command.append("--fast")
        if task.plugin:
            command += ["--plugin", str(task.plugin)]
        return command


class FFmpeg(Peer):
    name = "ffmpeg"

    def command(self, task: Task) -> list[str]:
        if task.plugin:
            raise ValueError("ffmpeg loads no plugins of Bulkhead's")
        interval = str(task.keyframe_interval_seconds * task.frames_per_second)
        command = [str(self.program), "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
        if task.live_format:
            # What is read to get to know the stream isn't kept for later.
            command += ["-fflags", "nobuffer", "-f", task.live_format]
        elif not task.is_fast:
            command.append("-re")
        command += ["-i", task.source, "-c:v", "libx264", "-preset", task.preset]
        if not task.has_look_ahead:
            command += ["-tune", "zerolatency"]
        command += [
            "-profile:v", "high", "-pix_fmt", "yuv420p",
            "-b:v", f"{task.video_kilobits}k",
            "-maxrate", f"{task.video_kilobits}k",
            "-bufsize", f"{task.video_kilobits * task.buffer_milliseconds // 1000}k",
            "-g", interval, "-keyint_min", interval, "-sc_threshold", "0",
        ]  # fmt: skip
        command += ["-c:a", "aac", "-b:a", f"{task.audio_kilobits}k", "-ar", "48000", "-ac", "2"]
        if task.more_outputs:
            outputs = "|".join(f"[f=flv]{output}" for output in (task.output, *task.more_outputs))
            return command + ["-flags", "+global_header", "-map", "0:v", "-map", "0:a", "-f", "tee", outputs]
        return command + ["-f", "flv", task.output]
