"""Several inputs in one picture: what mixing takes, and how soon a change of scene is on its way."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .measurements import SETTLING, START_TIMEOUT, flv_file
from .media import FRAMES_PER_SECOND, Studio
from .peers import Bulkhead, FFmpeg, Task
from .processes import MeasurementError, Running
from .rtmp import VIDEO, MediaMessage, Player
from .server import APP, Server

SCENE_PAUSE = 0.41
"""Between two changes of scene, in seconds: no multiple of a frame's time."""


@dataclass(frozen=True)
class Layout:
    """Where inputs stand in a picture of 1280x720: what `--layout` does, in the words of each peer."""

    name: str
    """By Bulkhead's name."""
    places: tuple[tuple[int, int, int, int], ...]
    """Of each input: x, y, width, height."""
    filters: str
    """FFmpeg's filters, from [0:v], [1:v], … to [v]."""

    @property
    def title(self) -> str:
        return f"{('', 'one', 'two', 'three', 'four')[len(self.places)]} inputs, {self.name}"


_SMALL = "scale=640:360:flags=bilinear"
LAYOUTS = (
    Layout(
        "side-by-side", ((0, 180, 640, 360), (640, 180, 640, 360)),
        f"[0:v]{_SMALL},pad=1280:720:0:180[a];[1:v]{_SMALL}[b];[a][b]overlay=640:180[v]",
    ),
    Layout(
        "picture-in-picture", ((0, 0, 1280, 720), (928, 522, 320, 180)),
        "[1:v]scale=320:180:flags=bilinear[b];[0:v][b]overlay=928:522[v]",
    ),
    Layout(
        "grid", ((0, 0, 640, 360), (640, 0, 640, 360), (0, 360, 640, 360), (640, 360, 640, 360)),
        ";".join(f"[{index}:v]{_SMALL}[v{index}]" for index in range(4))
        + ";[v0][v1][v2][v3]xstack=inputs=4:layout=0_0|640_0|0_360|640_360[v]",
    ),
)  # fmt: skip


class MixingBulkhead(Bulkhead):
    """Bulkhead with a layout."""

    def __init__(self, program: Path, layout: Layout) -> None:
        super().__init__(program)
        self._layout = layout

    def command(self, task: Task) -> list[str]:
        command = super().command(task)
        place = command.index(task.source)
        inputs = [task.source] * len(self._layout.places)
        return command[:place] + inputs + ["--layout", self._layout.name] + command[place + 1 :]


class MixingFFmpeg(FFmpeg):
    """ffmpeg with `overlay` or `xstack`, and `amix`."""

    def __init__(self, program: Path, layout: Layout) -> None:
        super().__init__(program)
        self._layout = layout

    def command(self, task: Task) -> list[str]:
        command = super().command(task)
        count = len(self._layout.places)
        sounds = "".join(f"[{index}:a]" for index in range(count))
        graph = f"{self._layout.filters};{sounds}amix=inputs={count}:normalize=0[a]"
        place = command.index("-re")
        inputs = ["-re", "-i", task.source] * count
        chosen = ["-filter_complex", graph, "-map", "[v]", "-map", "[a]"]
        return command[:place] + inputs + chosen + command[place + 3 :]


class MixingGStreamer:
    """gst-launch-1.0 with `compositor` and `audiomixer`."""

    name = "GStreamer"

    def __init__(self, program: Path, layout: Layout) -> None:
        self.program = program
        self._layout = layout

    def command(self, task: Task) -> list[str]:
        rate, interval = task.frames_per_second, task.keyframe_interval_seconds * task.frames_per_second
        places = [
            f"sink_{index}::{name}={value}"
            for index, place in enumerate(self._layout.places)
            for name, value in zip(("xpos", "ypos", "width", "height"), place)
        ]
        launch = [str(self.program), "-q", "compositor", "name=picture", "background=black", *places]
        size = f"width={task.width},height={task.height}"
        launch += f"! video/x-raw,format=I420,{size},framerate={rate}/1 ! queue !".split()
        launch += [
            "x264enc", f"speed-preset={task.preset}", "tune=zerolatency", f"bitrate={task.video_kilobits}",
            f"vbv-buf-capacity={task.buffer_milliseconds}", f"key-int-max={interval}",
            f"option-string=keyint={interval}:min-keyint={interval}:scenecut=0",
        ]  # fmt: skip
        launch += "! video/x-h264,profile=high ! h264parse ! queue ! out.".split()
        launch += "audiomixer name=sound ! audio/x-raw,rate=48000,channels=2 ! audioconvert ! queue !".split()
        launch += f"avenc_aac bitrate={task.audio_kilobits * 1000} ! aacparse ! queue ! out.".split()
        for index in range(len(self._layout.places)):
            launch += ["filesrc", f"location={task.source}", "!", "qtdemux", f"name=file{index}"]
            launch += f"file{index}.video_0 ! queue ! h264parse ! avdec_h264 ! queue ! picture.sink_{index}".split()
            launch += f"file{index}.audio_0 ! queue ! aacparse ! avdec_aac ! audioconvert !".split()
            launch += f"queue ! sound.sink_{index}".split()
        out = ["rtmp2sink", f"location={task.output}", "sync=true"]
        return launch + ["flvmux", "name=out", "streamable=true", "!", *out]


class MixingBench:
    """Broadcasts several inputs in one picture."""

    def __init__(self, server: Server, studio: Studio, folder: Path, bulkhead: Path, ffmpeg: Path) -> None:
        self._server = server
        self._studio = studio
        self._folder = folder
        self._bulkhead = bulkhead
        self._ffmpeg = ffmpeg
        self._gstreamer = _gstreamer()

    def peers(self, layout: Layout) -> list[MixingBulkhead | MixingFFmpeg | MixingGStreamer]:
        """Bulkhead first; GStreamer only where it is installed."""
        peers: list = [MixingBulkhead(self._bulkhead, layout), MixingFFmpeg(self._ffmpeg, layout)]
        return peers + ([MixingGStreamer(self._gstreamer, layout)] if self._gstreamer else [])

    def cpu(self, command: list[str], key: str, seconds: float) -> float:
        """CPU seconds for a minute of stream, of all the command's processes."""
        with Player(self._server.port, APP, key) as player, Running(command, self._folder) as running:
            player.first_access_unit(START_TIMEOUT, running.check)
            time.sleep(SETTLING)
            before, begin = running.usage(), len(player.messages)
            time.sleep(seconds)
            usage = running.usage().since(before)
            pictures = sum(message.is_access_unit for message in player.messages[begin:])
        if pictures < seconds * FRAMES_PER_SECOND / 2:
            raise MeasurementError(f"only {pictures} pictures of {running.name} reached the viewer")
        return usage.total * 60 * FRAMES_PER_SECOND / pictures

    def mixed(self, peer: MixingBulkhead | MixingFFmpeg | MixingGStreamer, source: str, seconds: float) -> float:
        """What `cpu` says of the peer with that file as each of its inputs."""
        key = self._server.new_key()
        return self.cpu(peer.command(Task(source, self._server.url(key), 1280, 720)), key, seconds)

    def unmixed(self, source: str, seconds: float, has_layout: bool) -> float:
        """What `cpu` says of a broadcast of one input that fills the canvas."""
        key = self._server.new_key()
        command = Bulkhead(self._bulkhead).command(Task(source, self._server.url(key), 1280, 720))
        return self.cpu(command + (["--layout", "grid"] if has_layout else []), key, seconds)

    def scene_changes(self, count: int) -> list[float]:
        """From the start of the command `bulkhead scene take` to the first picture at a viewer that shows what it said.

        Of two inputs of one grey each; in seconds, sorted."""
        sources = [self._studio.grey(640, 360, level) for level in (60, 180)]
        key = self._server.new_key()
        socket = f"unix:{self._folder}/scenes.sock"
        command = Bulkhead(self._bulkhead).command(Task(sources[0], self._server.url(key), 640, 360))
        command[3:3] = [sources[1], "--layout", "single", "--control", socket, "--loop"]
        with Player(self._server.port, APP, key) as player, Running(command, self._folder) as running:
            player.first_access_unit(START_TIMEOUT, running.check)
            time.sleep(SETTLING)
            taken: list[float] = []
            for number in range(count):
                taken.append(time.monotonic())
                subprocess.run(
                    [str(self._bulkhead), "scene", "take", ("2", "1")[number % 2], "--attach", socket],
                    check=True, capture_output=True,
                )  # fmt: skip
                time.sleep(SCENE_PAUSE)
            time.sleep(1)
            video = [message for message in player.messages if message.type == VIDEO]
        return self._latencies(video, taken)

    def _latencies(self, video: list[MediaMessage], taken: list[float]) -> list[float]:
        units = sorted(
            (message for message in video if message.is_access_unit), key=lambda unit: unit.presentation_milliseconds
        )
        levels = self._studio.levels(flv_file(video))
        if len(levels) != len(units):
            raise MeasurementError(f"{len(units)} access units were decoded to {len(levels)} pictures")
        changes = [
            unit.arrival for unit, before, level in zip(units[1:], levels, levels[1:]) if abs(level - before) > 60
        ]
        if len(changes) != len(taken):
            raise MeasurementError(f"of {len(taken)} changes of scene {len(changes)} were seen")
        return sorted(seen - asked for seen, asked in zip(changes, taken))


def _gstreamer() -> Path | None:
    """gst-launch-1.0, where it is installed with what the comparison needs of it."""
    program, inspect = shutil.which("gst-launch-1.0"), shutil.which("gst-inspect-1.0")
    if not program or not inspect:
        return None
    needed = ("compositor", "audiomixer", "x264enc", "avenc_aac", "avdec_h264", "avdec_aac", "rtmp2sink")
    known = all(
        subprocess.run([inspect, "--exists", element], check=False).returncode == 0 for element in needed
    )
    return Path(program) if known else None
