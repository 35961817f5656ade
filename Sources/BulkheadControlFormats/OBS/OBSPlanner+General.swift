import BulkheadControl
import BulkheadMedia
import BulkheadModel

/// Version, figures, vendors, studio mode, transitions.
extension OBSPlanner {
    /// The vendor of what OBS has no word for: the status, and the requests of our own protocol.
    package static let vendor = "bulkhead"

    static let general: [String: Answer] = [
        "GetVersion": { _ in
            .answer(
                .success([
                    "obsVersion": .string(OBSProtocol.obsVersion),
                    "obsWebSocketVersion": .string(OBSProtocol.webSocketVersion),
                    "rpcVersion": .integer(OBSProtocol.rpcVersion),
                    "availableRequests": .array(requests.map { .string($0) }),
                    "supportedImageFormats": .array(OBSShot.Format.names.map { .string($0) }),
                    "platform": "linux", "platformDescription": "Bulkhead",
                ]))
        },
        "GetVideoSettings": { planner in
            planner.onAir { status in
                guard let canvas = status.canvas, let rate = status.frameRate else {
                    return .fail(.notReady, "The size of the picture is not known yet. Try again later.")
                }
                return .answer(
                    .success([
                        "fpsNumerator": .integer(Int64(rate.numerator)),
                        "fpsDenominator": .integer(Int64(rate.denominator)),
                        "baseWidth": .integer(Int64(canvas.width)), "baseHeight": .integer(Int64(canvas.height)),
                        "outputWidth": .integer(Int64(canvas.width)), "outputHeight": .integer(Int64(canvas.height)),
                    ]))
            }
        },
        "GetSourceScreenshot": { planner in planner.onAir { _ in planner.screenshot } },
        "GetStats": { .answer(.success($0.stats)) },
        "BroadcastCustomEvent": { planner in
            planner.with(planner.field("eventData", "an object") { $0.object }) {
                .tell(OBSEvent("CustomEvent", .general, .object($0)))
            }
        },
        "CallVendorRequest": { planner in
            planner.with(planner.text("vendorName")) { vendor in
                planner.with(planner.text("requestType")) { planner.callVendor(vendor, $0) }
            }
        },
        "Sleep": { planner in
            guard planner.isInBatch else {
                return .fail(
                    .unsupportedRequestBatchExecutionType, "The `Sleep` request is only supported in request batches.")
            }
            return planner.with(planner.number("sleepMillis", 0...Double(longestSleepMilliseconds))) {
                .sleep(milliseconds: Int64($0))
            }
        },
        "GetStudioModeEnabled": { .answer(.success(["studioModeEnabled": .bool($0.view.desk.isStudioMode)])) },
        "SetStudioModeEnabled": { planner in
            planner.with(planner.field("studioModeEnabled", "a boolean", \.bool)) { isOn in
                .change { $0.isStudioMode = isOn }
            }
        },
        "TriggerStudioModeTransition": { planner in
            guard planner.view.desk.isStudioMode else {
                return .fail(.studioModeNotActive, "Studio mode is not enabled.")
            }
            // What is shown already is taken where nothing was prepared, as in OBS.
            guard planner.view.scenes.prepared != nil else { return .answer(.success()) }
            return .ask([.scene(.take(nil, planner.view.desk.wish))], data: nil)
        },
        "GetTransitionKindList": { _ in
            .answer(
                .success(["transitionKinds": .array(Transition.Kind.allCases.map { .string(OBSDesk.obsKind($0)) })]))
        },
        "GetSceneTransitionList": { planner in
            let kind = planner.view.desk.transition
            return .answer(
                .success([
                    "currentSceneTransitionName": .string(OBSDesk.name(kind)),
                    "currentSceneTransitionUuid": OBSDesk.description(kind)["transitionUuid"] ?? .null,
                    "currentSceneTransitionKind": .string(OBSDesk.obsKind(kind)),
                    "transitions": .array(Transition.Kind.allCases.map { .object(OBSDesk.description($0)) }),
                ]))
        },
        "GetCurrentSceneTransition": { planner in
            let desk = planner.view.desk
            var data = OBSDesk.description(desk.transition)
            data["transitionDuration"] = desk.transition == .cut ? .null : .integer(desk.milliseconds)
            data["transitionSettings"] = .null
            return .answer(.success(.object(data)))
        },
        "SetCurrentSceneTransition": { planner in
            planner.with(planner.text("transitionName")) { name in
                guard let kind = Transition.Kind.allCases.first(where: { OBSDesk.name($0) == name }) else {
                    return .fail(.resourceNotFound, "No scene transition was found by that name.")
                }
                return .change { $0.transition = kind }
            }
        },
        "SetCurrentSceneTransitionDuration": { planner in
            let range = OBSDesk.transitionMilliseconds
            return planner.with(
                planner.number("transitionDuration", Double(range.lowerBound)...Double(range.upperBound))
            ) { milliseconds in .change { $0.milliseconds = Int64(milliseconds) } }
        },
        // Fixed truths, which clients read when they connect.
        "GetProfileList": { _ in .answer(.success(["currentProfileName": "Bulkhead", "profiles": ["Bulkhead"]])) },
        "GetSceneCollectionList": { _ in
            .answer(.success(["currentSceneCollectionName": "Bulkhead", "sceneCollections": ["Bulkhead"]]))
        },
        "GetHotkeyList": { _ in .answer(.success(["hotkeys": []])) },
    ]

    private var stats: JSONValue {
        let status = view.status
        let frames = Int64(status?.frames ?? 0)
        return [
            "cpuUsage": .number(view.load.processorPercent), "memoryUsage": .number(view.load.memoryMebibytes),
            "availableDiskSpace": .number(view.load.freeMebibytes ?? 0),
            "activeFps": .number(status?.timelineFramesPerSecond ?? status?.framesPerSecond ?? 0),
            "averageFrameRenderTime": .number(
                (status?.plugins ?? []).reduce(0) { $0 + $1.microsecondsPerFrame } / 1000),
            "renderSkippedFrames": .integer(Int64(status?.framesRepeated ?? 0)), "renderTotalFrames": .integer(frames),
            "outputSkippedFrames": .integer(Int64(status?.framesSkipped ?? 0)), "outputTotalFrames": .integer(frames),
            "webSocketSessionIncomingMessages": .integer(view.incomingMessages),
            "webSocketSessionOutgoingMessages": .integer(view.outgoingMessages),
        ]
    }

    private func callVendor(_ vendor: String, _ type: String) -> OBSPlan {
        guard vendor == Self.vendor else {
            return .fail(.resourceNotFound, "No vendor was found by that name.")
        }
        var line = call.data?["requestData"]?.object ?? [:]
        line["request"] = .string(type)
        guard let request = ControlRoomRequest(json: Array(JSONValue.object(line).json.utf8)) else {
            return .fail(.invalidRequestField, "The vendor has no such request, or its data do not fit.")
        }
        guard request.isAllowed else { return .fail(.invalidRequestField, ControlRoomRequest.refusal) }
        return .relay(request.request)
    }
}
