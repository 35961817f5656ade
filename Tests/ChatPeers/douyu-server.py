"""aiodouyu's server, as a room: what each connection is sent stands here. Prints its port, then what was wrong at the end of each."""

import asyncio
import sys

from aiodouyu import packet, stt
from aiodouyu.testing import FakeDanmakuServer

ROOM = "288016"


def chat(number, text, **more):
    return {"type": "chatmsg", "rid": ROOM, "uid": "7", "nn": "a/b@", "txt": text, "cid": f"c{number}", **more}


GIFT = {"type": "dgb", "rid": ROOM, "gfid": "824", "gfn": "rocket", "gfcnt": "1", "uid": "7", "nn": "a"}


async def script(server, reader, writer, index):
    if index == 0:
        for fields in [chat(1, "one @AS/ 🎉"), chat(9, "elsewhere", rid="1"), GIFT, GIFT]:
            data = packet.pack(stt.dumps(fields), msg_type=packet.MSG_TYPE_SERVER)
            # Cut in the midst of characters.
            for start in range(0, len(data), 7):
                writer.write(data[start : start + 7])
                await writer.drain()
        await asyncio.sleep(0.2)
        writer.transport.abort()
    elif index == 1:
        server.send(writer, chat(1, "one @AS/ 🎉"))
        server.send(writer, chat(2, "two"))
        await writer.drain()
        await asyncio.sleep(0.2)
        # No packet: its length can't be.
        writer.write(b"\x08\0\0\0\x08\0\0\0\xb2\x02\0\0" + b"\0" * 8)
        await writer.drain()
        await asyncio.sleep(5)
    else:
        server.send(writer, chat(3, "three", col="2"))
        await writer.drain()
        await server.read_client_message(reader)


async def main():
    server = FakeDanmakuServer()
    server.script = script
    await server.start()
    print(f"port {server.port}", flush=True)
    told = 0
    while True:
        await asyncio.sleep(0.05)
        for error in server.errors[told:]:
            print(f"error {error}", flush=True)
        told = len(server.errors)


asyncio.run(main())
