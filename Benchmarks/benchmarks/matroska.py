"""Raw pictures and sound with their times, as a stream that can be read while it is being written (RFC 9559)."""

from __future__ import annotations

import struct

TICK_NANOSECONDS = 10_000
"""The unit of all times."""
SAMPLE_RATE = 48_000


def header(width: int, height: int) -> bytes:
    """What stands before the first cluster: I420 pictures on track 1, stereo in 16 bits on track 2."""
    ebml = _element(0x1A45DFA3, _text(0x4282, "matroska") + _number(0x4287, 4) + _number(0x4285, 2))
    information = _element(
        0x1549A966, _number(0x2AD7B1, TICK_NANOSECONDS) + _text(0x4D80, "bulkhead") + _text(0x5741, "bulkhead")
    )
    picture = _number(0xB0, width) + _number(0xBA, height) + _text(0x2EB524, "I420")
    sound = _element(0xB5, struct.pack(">d", SAMPLE_RATE)) + _number(0x9F, 2) + _number(0x6264, 16)
    tracks = _element(
        0x1654AE6B,
        _track(1, type_=1, codec="V_UNCOMPRESSED", details=_element(0xE0, picture))
        + _track(2, type_=2, codec="A_PCM/INT/LIT", details=_element(0xE1, sound)),
    )
    # A segment of unknown length.
    return ebml + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + information + tracks


def cluster(sound_seconds: float, sound: bytes, picture_seconds: float, picture: list[bytes]) -> bytes:
    """A block of sound and, if there is any, a picture in pieces."""
    start = round(sound_seconds * 1e9 / TICK_NANOSECONDS)
    blocks = [_number(0xE7, start), *_block(2, 0, [sound])]
    if picture:
        blocks += _block(1, round(picture_seconds * 1e9 / TICK_NANOSECONDS) - start, picture)
    return b"".join((b"\x1f\x43\xb6\x75", _size(sum(map(len, blocks))), *blocks))


def _block(track: int, ticks: int, data: list[bytes]) -> list[bytes]:
    """A SimpleBlock, so many ticks after its cluster's time, a keyframe."""
    head = struct.pack(">BhB", 0x80 | track, ticks, 0x80)
    return [b"\xa3", _size(len(head) + sum(map(len, data))), head, *data]


def _track(number: int, type_: int, codec: str, details: bytes) -> bytes:
    return _element(
        0xAE,
        _number(0xD7, number) + _number(0x73C5, number) + _number(0x83, type_) + _number(0x9C, 0)
        + _text(0x86, codec) + details,
    )  # fmt: skip


def _element(identifier: int, data: bytes) -> bytes:
    return identifier.to_bytes((identifier.bit_length() + 7) // 8, "big") + _size(len(data)) + data


def _number(identifier: int, value: int) -> bytes:
    return _element(identifier, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _text(identifier: int, value: str) -> bytes:
    return _element(identifier, value.encode())


def _size(count: int) -> bytes:
    """A length in eight bytes."""
    return (1 << 56 | count).to_bytes(8, "big")
