"""Somebody with the password for looking, by obsws-python and simpleobsws. Arguments: port, password. Prints one line of JSON for each step."""
import asyncio
import json
import sys

import obsws_python as obs
from obsws_python.error import OBSSDKRequestError
from simpleobsws import Request, WebSocketClient

port, password = int(sys.argv[1]), sys.argv[2]


def tell(step, value):
    print(json.dumps([step, value]), flush=True)


def refusal(call):
    try:
        call()
    except OBSSDKRequestError as error:
        return error.code
    return None


client = obs.ReqClient(host="127.0.0.1", port=port, password=password, timeout=20)
tell("version", client.get_version().obs_version)
tell("scenes", len(client.get_scene_list().scenes))
tell("scene", client.get_current_program_scene().current_program_scene_name)
tell("picture", client.get_source_screenshot("wide", "png", 160, 160, -1).image_data[:22])
tell("take", refusal(lambda: client.set_current_program_scene("both")))
tell("mute", refusal(lambda: client.set_input_mute("camera", True)))
tell("stop", refusal(client.stop_stream))
tell("studio", refusal(lambda: client.set_studio_mode_enabled(True)))
tell("unknown", refusal(lambda: client.send("NoSuchRequest")))
tell("missing field", refusal(lambda: client.send("SetInputMute", {"inputName": "camera"})))
tell("still", client.get_current_program_scene().current_program_scene_name)
client.disconnect()


async def main():
    client = WebSocketClient(url=f"ws://127.0.0.1:{port}", password=password)
    await client.connect()
    tell("identified", await client.wait_until_identified(20))
    requests = [Request("GetStats"), Request("SetInputMute", {"inputName": "camera", "inputMuted": True})]
    answers = await client.call_batch(requests)
    tell("batch", [answer.requestStatus.code for answer in answers])
    for word in ("deaths", "keyframe", "stop"):
        answer = await client.call(Request("CallVendorRequest", {"vendorName": "bulkhead", "requestType": word}))
        tell(word, answer.requestStatus.code)
    await client.disconnect()


asyncio.run(main())
