"""aiodouyu's client at a server of ours: prints the texts of the comments that come, as JSON."""

import asyncio
import json
import sys

from aiodouyu import DanmakuClient


async def main():
    async with DanmakuClient(room_id=int(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1])) as client:
        async for message in client:
            if message["type"] == "chatmsg":
                print(json.dumps([message["nn"], message["txt"]]), flush=True)


asyncio.run(main())
