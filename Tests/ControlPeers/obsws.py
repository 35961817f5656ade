"""What a stream deck does, by obsws-python, a client that was written for OBS: JSON, numbers as request ids.

Arguments: port, password. Prints one line of JSON for each step."""
import base64
import json
import struct
import sys
import time

import obsws_python as obs
from obsws_python.error import OBSSDKError, OBSSDKRequestError

port, password = int(sys.argv[1]), sys.argv[2]


def tell(step, value):
    print(json.dumps([step, value]), flush=True)


def refusal(call):
    try:
        call()
    except OBSSDKRequestError as error:
        return error.code
    return None


try:
    obs.ReqClient(host="127.0.0.1", port=port, password="wrong password", timeout=10)
    tell("wrong password", "let in")
except OBSSDKError as error:
    tell("wrong password", "refused")

client = obs.ReqClient(host="127.0.0.1", port=port, password=password, timeout=20)
listener = obs.EventClient(host="127.0.0.1", port=port, password=password, timeout=20)
events = []


def on_current_program_scene_changed(data):
    events.append(["scene", data.scene_name])


def on_input_mute_state_changed(data):
    events.append(["mute", data.input_name, data.input_muted])


def on_stream_state_changed(data):
    events.append(["stream", data.output_state])


def on_vendor_event(data):
    events.append(["vendor", data.vendor_name, data.event_type])


listener.callback.register(
    [on_current_program_scene_changed, on_input_mute_state_changed, on_stream_state_changed, on_vendor_event]
)


def wait(event):
    end = time.monotonic() + 20
    while event not in events and time.monotonic() < end:
        time.sleep(0.02)
    return event in events


def wait_until(condition):
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


tell("version", client.get_version().obs_version)
tell("scenes", [scene["sceneName"] for scene in client.get_scene_list().scenes])
client.set_current_program_scene("both")
tell("scene", client.get_current_program_scene().current_program_scene_name)
tell("scene event", wait(["scene", "both"]))
tell("unknown scene", refusal(lambda: client.set_current_program_scene("nowhere")))
tell("inputs", [source["inputName"] for source in client.get_input_list().inputs])
client.set_input_mute("camera", True)
tell("mute", client.get_input_mute("camera").input_muted)
tell("mute event", wait(["mute", "camera", True]))
client.set_input_volume("camera", vol_db=-6.5)
tell("volume", client.get_input_volume("camera").input_volume_db)
client.set_scene_item_enabled("both", 2, False)
tell("item", client.get_scene_item_enabled("both", 2).scene_item_enabled)
tell("stream", client.get_stream_status().output_active)
client.stop_stream()
tell("stopped", client.get_stream_status().output_active)
tell("stopped event", wait(["stream", "OBS_WEBSOCKET_OUTPUT_STOPPED"]))
tell("stop again", refusal(client.stop_stream))
client.start_stream()
tell("started event", wait(["stream", "OBS_WEBSOCKET_OUTPUT_STARTED"]))
tell("started", wait_until(lambda: client.get_stream_status().output_active))
tell("key", client.get_stream_service_settings().stream_service_settings["key"])
client.set_studio_mode_enabled(True)
client.set_current_preview_scene("wide")
tell("preview", client.get_current_preview_scene().current_preview_scene_name)
tell("not yet", client.get_current_program_scene().current_program_scene_name)
client.trigger_studio_mode_transition()
tell("taken", client.get_current_program_scene().current_program_scene_name)
tell("frames", client.get_stats().output_total_frames > 0)
settings = client.get_video_settings()
tell("canvas", [settings.base_width, settings.base_height, settings.fps_numerator, settings.fps_denominator])
for kind in ("png", "jpg"):
    image = client.get_source_screenshot("wide", kind, 160, 160, -1).image_data
    form, data = image.split(",", 1)
    picture = base64.b64decode(data)
    size = list(struct.unpack(">II", picture[16:24])) if kind == "png" else picture[:3].hex()
    tell("picture", [form, size])
tell("no picture", refusal(lambda: client.get_source_screenshot("slides", "png", 160, 160, -1)))
tell("unknown", refusal(lambda: client.send("NoSuchRequest")))
tell("replay", refusal(client.save_replay_buffer))
tell("vendor event", wait(["vendor", "bulkhead", "timeline.taken"]))
listener.disconnect()
client.disconnect()
