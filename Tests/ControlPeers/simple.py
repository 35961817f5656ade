"""MessagePack and batches, by simpleobsws. Arguments: port, password. Prints one line of JSON for each step."""
import asyncio
import json
import sys

from simpleobsws import IdentificationParameters, Request, WebSocketClient

port, password = int(sys.argv[1]), sys.argv[2]


def tell(step, value):
    print(json.dumps([step, value]), flush=True)


async def main():
    client = WebSocketClient(
        url=f"ws://127.0.0.1:{port}",
        password=password,
        identification_parameters=IdentificationParameters(eventSubscriptions=4095 | 65536),
    )
    meters = asyncio.Event()

    async def on_meters(data):
        if any(source["inputLevelsMul"] for source in data["inputs"]):
            meters.set()

    client.register_event_callback(on_meters, "InputVolumeMeters")
    await client.connect()
    tell("identified", await client.wait_until_identified(20))
    answer = await client.call(Request("GetSceneList"))
    tell("scenes", [scene["sceneName"] for scene in answer.responseData["scenes"]])
    answer = await client.call(Request("GetInputVolume", {"inputName": "camera"}))
    tell("volume", answer.responseData["inputVolumeDb"])
    requests = [Request("GetVersion"), Request("Sleep", {"sleepMillis": 50}), Request("Nope"), Request("GetStats")]
    for halts in (True, False):
        answers = await client.call_batch(requests, halt_on_failure=halts)
        tell("batch", [answer.requestStatus.code for answer in answers])
    request = Request("GetInputMute", inputVariables={"inputName": "who"}, outputVariables={"was": "inputMuted"})
    answers = await client.call_batch([request], variables={"who": "camera"})
    tell("variables", [answer.requestStatus.code for answer in answers])
    tell("empty", await client.call_batch([]))
    answer = await client.call(Request("CallVendorRequest", {"vendorName": "bulkhead", "requestType": "deaths"}))
    tell("vendor", answer.responseData["responseData"]["reply"])
    await client.call(Request("SetInputMute", {"inputName": "camera", "inputMuted": False}))
    await asyncio.wait_for(meters.wait(), 20)
    tell("meters", True)
    await client.disconnect()


asyncio.run(main())
