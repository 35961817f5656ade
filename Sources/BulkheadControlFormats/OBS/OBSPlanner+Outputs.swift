import BulkheadControl
import BulkheadMedia
import BulkheadModel

/// The stream, recordings and replays.
extension OBSPlanner {
    static let outputs: [String: Answer] = [
        "GetStreamStatus": { planner in .answer(.success(.object(planner.streamStatus))) },
        "StartStream": { planner in planner.onAir { _ in planner.startStream(data: nil) } },
        "StopStream": { planner in planner.onAir { _ in planner.stopStream(data: nil) } },
        "ToggleStream": { planner in
            planner.onAir { _ in
                planner.view.isStreaming
                    ? planner.stopStream(data: ["outputActive": false])
                    : planner.startStream(data: ["outputActive": true])
            }
        },
        // The key stays where it is.
        "GetStreamServiceSettings": { planner in
            .answer(
                .success([
                    "streamServiceType": "rtmp_custom",
                    "streamServiceSettings": [
                        "server": .string(planner.view.streams.first?.destination ?? ""), "key": "",
                        "use_auth": false,
                    ],
                ]))
        },
        "GetOutputList": { planner in
            .answer(
                .success([
                    "outputs": .array(
                        planner.view.streams.map { link in
                            [
                                "outputName": .string(link.name), "outputKind": "rtmp_output",
                                "outputWidth": .integer(Int64(planner.view.status?.canvas?.width ?? 0)),
                                "outputHeight": .integer(Int64(planner.view.status?.canvas?.height ?? 0)),
                                "outputActive": .bool(link.isRunning),
                                "outputFlags": [
                                    "OBS_OUTPUT_AUDIO": true, "OBS_OUTPUT_VIDEO": true, "OBS_OUTPUT_ENCODED": true,
                                    "OBS_OUTPUT_MULTI_TRACK": false, "OBS_OUTPUT_SERVICE": true,
                                ],
                            ]
                        })
                ]))
        },
        "GetRecordStatus": { planner in .answer(.success(planner.recordStatus)) },
        "StartRecord": { planner in
            planner.view.isRecording
                ? .fail(.outputRunning, "Recording is already active.")
                : .fail(.invalidResourceState, "This broadcast records nothing: what is recorded is said at its start.")
        },
        "StopRecord": { planner in
            planner.view.isRecording
                ? .fail(.invalidResourceState, "Recordings end with the broadcast.")
                : .fail(.outputNotRunning, "Recording is not active.")
        },
        "ToggleRecord": { planner in
            .fail(
                .invalidResourceState,
                planner.view.isRecording
                    ? "Recordings end with the broadcast."
                    : "This broadcast records nothing: what is recorded is said at its start.")
        },
        "GetRecordDirectory": { planner in
            guard let path = planner.view.recordingPath, let slash = path.lastIndex(of: "/") else {
                return .fail(.invalidResourceState, "This broadcast records nothing.")
            }
            return .answer(.success(["recordDirectory": .string(String(path[..<slash]))]))
        },
        "CreateRecordChapter": { planner in
            let name = planner.call.data?["chapterName"]?.string ?? "chapter"
            return .ask([.mark(name.isEmpty ? "chapter" : name)], data: nil)
        },
        "GetReplayBufferStatus": { planner in
            planner.withReplay { .answer(.success(["outputActive": true])) }
        },
        "SaveReplayBuffer": { planner in planner.withReplay { .saveReplay } },
        "GetLastReplayBufferReplay": { planner in
            planner.withReplay {
                guard let path = planner.view.desk.lastReplay else {
                    return .fail(.invalidResourceState, "No replay has been saved yet.")
                }
                return .answer(.success(["savedReplayPath": .string(path)]))
            }
        },
        "GetVirtualCamStatus": { _ in
            .fail(.invalidResourceState, "VirtualCam is not available.")
        },
    ]

    private func withReplay(_ body: () -> OBSPlan) -> OBSPlan {
        view.status?.replay == nil ? .fail(.invalidResourceState, "Replay buffer is not available.") : body()
    }

    private func startStream(data: JSONValue?) -> OBSPlan {
        let streams = view.streams
        guard !view.isStreaming else { return .fail(.outputRunning, "The stream is already active.") }
        guard !streams.isEmpty else {
            return .fail(.invalidResourceState, "This broadcast has no destination: add one on the command line.")
        }
        return .ask(streams.map { .link(.retry($0.name)) }, data: data)
    }

    private func stopStream(data: JSONValue?) -> OBSPlan {
        guard view.isStreaming else { return .fail(.outputNotRunning, "The stream is not active.") }
        return .ask(view.streams.filter(\.isRunning).map { .link(.pause($0.name)) }, data: data)
    }

    private var streamStatus: [String: JSONValue] {
        let isActive = view.isStreaming
        let link = view.streams.first
        // By frames, not by a clock on the wall.
        let milliseconds = isActive ? Int64(clamping: view.status?.secondsOnAir ?? 0, thousandths: true) : 0
        return [
            "outputActive": .bool(isActive), "outputReconnecting": .bool(isActive && view.isReconnecting),
            "outputTimecode": .string(OBSNames.timecode(milliseconds: milliseconds)),
            "outputDuration": .integer(milliseconds),
            "outputCongestion": .number(min(1, Double(link?.queuedMilliseconds ?? 0) / 2000)),
            "outputBytes": .integer(view.sentBytes), "outputSkippedFrames": .integer(Int64(link?.framesShed ?? 0)),
            "outputTotalFrames": .integer(Int64((link?.framesSent ?? 0) + (link?.framesShed ?? 0))),
        ]
    }

    private var recordStatus: JSONValue {
        let recording = view.status?.recordings?.first
        let seconds = recording?.seconds ?? (view.isRecording ? view.status?.secondsOnAir : nil) ?? 0
        let milliseconds = Int64(clamping: seconds, thousandths: true)
        return [
            "outputActive": .bool(view.isRecording), "outputPaused": false,
            "outputTimecode": .string(OBSNames.timecode(milliseconds: milliseconds)),
            "outputDuration": .integer(milliseconds),
            "outputBytes": .integer(Int64(clamping: recording?.writtenBytes ?? 0)),
        ]
    }
}

extension Int64 {
    /// Seconds as milliseconds; 0 for what is no time.
    fileprivate init(clamping seconds: Double, thousandths: Bool) {
        self = Int64(exactly: (seconds * 1000).rounded()).map { Swift.max(0, $0) } ?? 0
    }
}
