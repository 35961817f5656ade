"""What is broadcast: files like those of a camera, and a live source of raw pictures that are numbered."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import time
from multiprocessing.connection import Connection
from pathlib import Path

from . import framecode, matroska
from .processes import MeasurementError

FRAMES_PER_SECOND = 30


class Studio:
    """Makes files and pictures with ffmpeg, in a folder that goes away."""

    def __init__(self, ffmpeg: Path, folder: Path) -> None:
        self._ffmpeg = ffmpeg
        self._folder = folder

    def file(self, width: int, height: int, seconds: int, megabits: int) -> str:
        """The path of an MP4 file with H.264 (B-frames, CABAC) and AAC: moving shapes with the grain of a camera."""
        path = self._folder / f"{width}x{height}-{seconds}.mp4"
        if not path.exists():
            rate = f"{megabits}M"
            self._run(
                ["-f", "lavfi", "-i", f"{self._picture(width, height)}:duration={seconds},noise=alls=5:allf=t"]
                + ["-f", "lavfi", "-i", f"anoisesrc=colour=pink:amplitude=0.2:sample_rate=48000:duration={seconds}"]
                + ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "60"]
                + ["-b:v", rate, "-maxrate", rate, "-bufsize", f"{2 * megabits}M"]
                + ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
                + ["-c:a", "aac", "-b:a", "128k", "-ac", "2", "-movflags", "+faststart", str(path)]
            )
        return str(path)

    def grey(self, width: int, height: int, level: int) -> str:
        """The path of an MP4 file of ten seconds, of one grey with that luma."""
        path = self._folder / f"grey-{level}.mp4"
        if not path.exists():
            picture = f"color=c=black:size={width}x{height}:rate={FRAMES_PER_SECOND}:duration=10,lutyuv=y={level}"
            self._run(
                ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo:d=10"]
                + ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)]
            )
        return str(path)

    def levels(self, flv: bytes) -> list[float]:
        """The mean luma of the pictures of an FLV stream, in the order in which they are shown."""
        data = self._run(
            ["-f", "flv", "-i", "pipe:0", "-an", "-vsync", "passthrough"]
            + ["-vf", "scale=8:8:flags=area", "-pix_fmt", "gray", "-f", "rawvideo", "-"],
            given=flv,
        )
        return [sum(data[start : start + 64]) / 64 for start in range(0, len(data), 64)]

    def raw_pictures(self, width: int, height: int, count: int) -> list[bytes]:
        """Pictures in I420, one behind the other."""
        source = f"{self._picture(width, height)},noise=alls=5:allf=t"
        data = self._run(
            ["-f", "lavfi", "-i", source, "-frames:v", str(count), "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"]
        )
        size = width * height * 3 // 2
        return [data[start : start + size] for start in range(0, len(data), size)]

    def frame_numbers(self, flv: bytes, width: int, height: int) -> list[int | None]:
        """The numbers in the pictures of an FLV stream, in the order in which they are shown."""
        strip = framecode.rows(height)
        data = self._run(
            ["-f", "flv", "-i", "pipe:0", "-an", "-vsync", "passthrough"]
            + ["-vf", f"crop={width}:{len(strip)}:0:{strip.start}", "-pix_fmt", "gray", "-f", "rawvideo", "-"],
            given=flv,
        )
        size = width * len(strip)
        return [framecode.read(data[start : start + size], width) for start in range(0, len(data), size)]

    def _picture(self, width: int, height: int) -> str:
        return f"testsrc2=size={width}x{height}:rate={FRAMES_PER_SECOND}"

    def _run(self, arguments: list[str], given: bytes = b"") -> bytes:
        command = [str(self._ffmpeg), "-hide_banner", "-loglevel", "error", "-y", *arguments]
        done = subprocess.run(command, input=given, capture_output=True, check=False)
        if done.returncode != 0:
            raise MeasurementError(f"ffmpeg could not prepare the material: {done.stderr.decode(errors='replace')}")
        return done.stdout


class Camera:
    """A process that gives raw numbered pictures, 30 a second, and sound to whoever connects first.

    Like a camera it waits for nobody: a picture whose time is over when the reader takes the next one is left out.
    """

    format = "matroska"

    def __init__(self, pictures: list[bytes], width: int, height: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        context = multiprocessing.get_context("fork")
        self._captured, captured = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_film, args=(self._listener, pictures, width, height, captured), name="camera", daemon=True
        )

    def __enter__(self) -> Camera:
        self._process.start()
        self._listener.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()

    def captured(self) -> dict[int, float]:
        """Once the reader is gone: when each picture began its way, in monotonic seconds."""
        if not self._captured.poll(5):
            raise MeasurementError("the live source's reader did not go away")
        return self._captured.recv()


def _film(listener: socket.socket, pictures: list[bytes], width: int, height: int, result: Connection) -> None:
    """The camera's process: pictures and the sound of the time before each."""
    strip = framecode.rows(height)
    start, end = strip.start * width, strip.stop * width
    samples = matroska.SAMPLE_RATE // FRAMES_PER_SECOND
    noise = os.urandom(4 * samples)
    listener.settimeout(30)
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    captured: dict[int, float] = {}
    try:
        connection.sendall(matroska.header(width, height))
        first = time.monotonic()
        number = 0
        while True:
            seconds = number / FRAMES_PER_SECOND
            time.sleep(max(0, first + seconds - time.monotonic()))
            picture = pictures[number % len(pictures)]
            code = framecode.row(number, width) * len(strip)
            captured[number] = time.monotonic()
            pieces = [picture[:start], code, picture[end:]]
            connection.sendall(matroska.cluster(seconds, noise, seconds, pieces))
            number = max(number + 1, int((time.monotonic() - first) * FRAMES_PER_SECOND))
    except OSError:
        pass
    result.send(captured)
