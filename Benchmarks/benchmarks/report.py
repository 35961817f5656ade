"""What is printed: the machine, and a table of figures side by side."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .measurements import median


@dataclass(frozen=True)
class Aim:
    """What Bulkhead's figure, or its ratio to the other's, should be."""

    limit: float
    unit: str = "×"
    """"×" for a ratio, else the figure's own unit."""
    at_least: bool = False

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.limit:.2f} ×" if self.unit == "×" else f"{sign} {self.limit:g} {self.unit}"

    def is_met(self, figure: float, ratio: float | None) -> bool | None:
        value = ratio if self.unit == "×" else figure
        if value is None:
            return None
        # What rounds to the limit as it is printed meets it.
        digits = 2 if self.unit == "×" else 3
        return round(value, digits) >= self.limit if self.at_least else round(value, digits) <= self.limit


@dataclass(frozen=True)
class Figure:
    """One row: a figure of each peer from each round."""

    name: str
    unit: str
    bulkhead: list[float]
    ffmpeg: list[float]
    aim: Aim | None = None
    digits: int = 1

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios: what disturbs the machine for a while disturbs both sides of a round."""
        # Of pictures lost there may be none.
        ratios = [ours / theirs for ours, theirs in zip(self.bulkhead, self.ffmpeg) if theirs]
        return median(ratios) if ratios else None

    @property
    def cells(self) -> list[str]:
        ratio = self.ratio
        met = self.aim.is_met(median(self.bulkhead), ratio) if self.aim else None
        return [
            f"{self.name}, {self.unit}",
            f"{median(self.bulkhead):.{self.digits}f}",
            f"{median(self.ffmpeg):.{self.digits}f}" if self.ffmpeg else "–",
            f"{ratio:.2f}" if ratio is not None else "–",
            str(self.aim) if self.aim else "–",
            {True: "yes", False: "NO", None: "–"}[met],
        ]


def table(figures: list[Figure]) -> str:
    """The figures as a table in Markdown, with columns that line up."""
    rows = [["figure", "Bulkhead", "other", "ratio", "aim", "met"], *(figure.cells for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [
        [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))] for row in rows
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [lines[0], rule, *lines[1:]])


def machine(bulkhead: Path, ffmpeg: Path) -> str:
    """When, where and what was measured."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    today = datetime.date.today().isoformat()
    versions = f"{_first_line(bulkhead, '--version')} against {_first_line(ffmpeg, '-version')}"
    return f"{today}, {os.cpu_count()} × {model}, Linux {platform.release()}\nBulkhead {versions}"


def load() -> float:
    """How many processes wanted to run, on average over the last minute."""
    return os.getloadavg()[0]


def _first_line(program: Path, option: str) -> str:
    done = subprocess.run([str(program), option], capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or ["of unknown version"])[0].partition(" Copyright")[0]
