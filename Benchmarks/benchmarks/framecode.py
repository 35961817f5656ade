"""The number that is painted into a picture and read back at the viewer: Sources/BulkheadMedia/FrameCode.swift."""

from __future__ import annotations

CELLS = 44
WHITE, BLACK = 235, 16


def rows(height: int) -> range:
    """The luma rows that the strip takes."""
    return range(height - max(8, height // 20 & ~1), height)


def row(number: int, width: int) -> bytes:
    """One luma row of the strip."""
    bits = f"{number:032b}{_checksum(number):08b}"
    cell = width // CELLS
    left = (width - cell * CELLS) // 2
    cells = b"".join((b"\xeb" if bit == "1" else b"\x10") * cell for bit in f"10{bits}01")
    return bytes([BLACK]) * left + cells + bytes([BLACK]) * (width - left - len(cells))


def read(strip: bytes, width: int) -> int | None:
    """The number in the strip's luma rows; None when there is none or it is damaged."""
    height = len(strip) // width
    cell = width // CELLS
    left = (width - cell * CELLS) // 2
    levels = []
    for index in range(CELLS):
        start = left + index * cell + cell // 4
        inner_rows = range(height // 4, height - height // 4, 4)
        sample = b"".join(strip[y * width + start : y * width + start + cell // 2] for y in inner_rows)
        levels.append(sum(sample) / len(sample))
    bits = "".join("1" if level > 125 else "0" for level in levels)
    number = int(bits[2:34], 2)
    if (bits[:2], bits[42:]) != ("10", "01") or int(bits[34:42], 2) != _checksum(number):
        return None
    return number


def _checksum(number: int) -> int:
    """CRC-8 with the polynomial 0x07."""
    crc = 0
    for byte in number.to_bytes(4, "big"):
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc
