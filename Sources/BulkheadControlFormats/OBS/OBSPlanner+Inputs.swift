import BulkheadControl
import BulkheadModel

/// Inputs and their sound.
extension OBSPlanner {
    /// What OBS calls the kind of an input that plays what it is given.
    static let kind = "ffmpeg_source"
    /// The lowest gain that OBS knows, which is silence.
    static let lowestDecibels = -100.0

    static let inputs: [String: Answer] = [
        "GetInputList": { planner in
            let wanted = planner.call.data?["inputKind"]?.string
            let inputs = wanted == nil || wanted == kind ? planner.view.inputs : []
            return .answer(.success(["inputs": .array(inputs.map(describe))]))
        },
        "GetInputKindList": { _ in .answer(.success(["inputKinds": [.string(kind)]])) },
        "GetSpecialInputs": { _ in
            .answer(
                .success([
                    "desktop1": .null, "desktop2": .null, "mic1": .null, "mic2": .null, "mic3": .null, "mic4": .null,
                ]))
        },
        "GetSourceActive": { planner in
            guard let name = planner.call.data?["sourceName"]?.string else {
                return .fail(.missingRequestField, "Your request is missing the `sourceName` field.")
            }
            let input = planner.view.inputs.first { $0.name == name }
            let isScene = planner.view.scenes.names.contains(name)
            guard input != nil || isScene else {
                return .fail(.resourceNotFound, "No source was found by the name of `\(name)`.")
            }
            let isShown = input?.isShown ?? (planner.view.scenes.program == name)
            return .answer(.success(["videoActive": .bool(isShown), "videoShowing": .bool(isShown)]))
        },
        "GetSourceFilterList": { _ in .answer(.success(["filters": []])) },
        "SetInputName": { planner in
            planner.withInput { input in
                planner.with(planner.text("newInputName")) {
                    .ask([.input(.rename("\(input.id.number)", name: $0))], data: nil)
                }
            }
        },
        "GetInputMute": { planner in
            planner.withStrip { _, strip in .answer(.success(["inputMuted": .bool(strip.settings.isMuted)])) }
        },
        "SetInputMute": { planner in
            planner.withStrip { input, strip in
                planner.with(planner.field("inputMuted", "a boolean", \.bool)) { isMuted in
                    planner.set(input, strip) { $0.isMuted = isMuted }
                }
            }
        },
        "ToggleInputMute": { planner in
            planner.withStrip { input, strip in
                let isMuted = !strip.settings.isMuted
                return planner.set(input, strip, data: ["inputMuted": .bool(isMuted)]) { $0.isMuted = isMuted }
            }
        },
        "GetInputVolume": { planner in
            planner.withStrip { _, strip in .answer(.success(.object(volume(strip.settings.gain)))) }
        },
        "SetInputVolume": { planner in planner.withStrip(planner.setVolume) },
        "GetInputAudioBalance": { planner in
            planner.withStrip { _, strip in
                .answer(.success(["inputAudioBalance": .number((strip.settings.pan + 1) / 2)]))
            }
        },
        "SetInputAudioBalance": { planner in
            planner.withStrip { input, strip in
                planner.with(planner.number("inputAudioBalance", 0...1)) { balance in
                    planner.set(input, strip) { $0.pan = balance * 2 - 1 }
                }
            }
        },
        "GetInputAudioSyncOffset": { planner in
            planner.withStrip { _, strip in
                .answer(
                    .success(["inputAudioSyncOffset": .integer(Int64((strip.settings.delaySeconds * 1000).rounded()))]))
            }
        },
        "SetInputAudioSyncOffset": { planner in
            planner.withStrip { input, strip in
                // OBS takes more, and less than nothing; sound can't be given out before it came.
                planner.with(planner.number("inputAudioSyncOffset", 0...2000)) { milliseconds in
                    planner.set(input, strip) { $0.delaySeconds = milliseconds / 1000 }
                }
            }
        },
        "TriggerMediaInputAction": { planner in
            planner.withInput { input in
                planner.with(planner.text("mediaAction")) { action in
                    let name = "\(input.id.number)"
                    switch action {
                    case "OBS_WEBSOCKET_MEDIA_INPUT_ACTION_RESTART": return .ask([.input(.reopen(name))], data: nil)
                    case "OBS_WEBSOCKET_MEDIA_INPUT_ACTION_NEXT":
                        return .ask([.input(.skip(name, file: nil))], data: nil)
                    default: return .fail(.invalidResourceState, "Inputs can be restarted, and playlists skipped.")
                    }
                }
            }
        },
    ]

    static func describe(_ input: InputStatus) -> JSONValue {
        [
            "inputName": .string(input.name), "inputUuid": .string(OBSNames.input(input.id)),
            "inputKind": .string(kind), "unversionedInputKind": .string(kind), "inputKindCaps": 0,
        ]
    }

    static func volume(_ gain: Decibels) -> [String: JSONValue] {
        ["inputVolumeMul": .number(gain.amplitude), "inputVolumeDb": .number(max(lowestDecibels, gain.value))]
    }

    private func withStrip(_ body: (InputStatus, StripStatus) -> OBSPlan) -> OBSPlan {
        withInput { input in
            guard let strip = view.strip(of: input) else {
                return .fail(.invalidResourceState, "The specified input does not support audio.")
            }
            return body(input, strip)
        }
    }

    private func set(
        _ input: InputStatus, _ strip: StripStatus, data: JSONValue? = nil, _ change: (inout StripSettings) -> Void
    ) -> OBSPlan {
        var settings = strip.settings
        change(&settings)
        // A name may be another input's by then; the number is not.
        return .ask([.audio(.strip("\(input.id.number)", settings))], data: data)
    }

    private func setVolume(_ input: InputStatus, _ strip: StripStatus) -> OBSPlan {
        switch (call.data?["inputVolumeMul"], call.data?["inputVolumeDb"]) {
        case (nil, nil):
            return .fail(
                .missingRequestField,
                "Your request must contain one of the following fields: `inputVolumeMul` or `inputVolumeDb`.")
        case (.some, .some):
            return .fail(.tooManyRequestFields, "You may only specify one volume field.")
        case (.some, nil):
            return with(number("inputVolumeMul", 0...20)) { factor in
                set(input, strip) { $0.gain = Self.limited(Decibels(amplitude: factor)) }
            }
        case (nil, .some):
            return with(number("inputVolumeDb", Self.lowestDecibels...26)) { number in
                set(input, strip) {
                    $0.gain = number <= Self.lowestDecibels ? .silence : Self.limited(Decibels(number))
                }
            }
        }
    }

    /// OBS goes up to 26 dB, and the mix to 24.
    private static func limited(_ gain: Decibels) -> Decibels {
        min(gain, Decibels(SettingRange.gainDecibels.upperBound))
    }
}
