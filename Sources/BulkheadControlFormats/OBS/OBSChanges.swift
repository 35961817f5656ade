import BulkheadModel

/// The events of obs-websocket: what differs between two moments of a broadcast.
package enum OBSChanges {
    /// - Parameters:
    ///   - old: the moment before; nil for none, of which nothing is told.
    ///   - new: the moment now.
    package static func events(from old: OBSView?, to new: OBSView) -> [OBSEvent] {
        guard let old else { return [] }
        return inputs(old, new) + scenes(old, new) + items(old, new) + sounds(old, new) + outputs(old, new)
            + desk(old.desk, new.desk)
    }

    private static func scenes(_ old: OBSView, _ new: OBSView) -> [OBSEvent] {
        let (before, after) = (old.scenes, new.scenes)
        var events: [OBSEvent] = []
        func describe(_ name: String) -> [String: JSONValue] {
            ["sceneName": .string(name), "sceneUuid": .string(OBSNames.scene(name))]
        }
        for name in after.names where !before.names.contains(name) {
            events.append(
                OBSEvent("SceneCreated", .scenes, .object(describe(name).merging(["isGroup": false]) { $1 })))
        }
        for name in before.names where !after.names.contains(name) {
            events.append(
                OBSEvent("SceneRemoved", .scenes, .object(describe(name).merging(["isGroup": false]) { $1 })))
        }
        if before.names != after.names { events.append(OBSEvent("SceneListChanged", .scenes, ["scenes": after.list])) }
        if before.program != after.program {
            events.append(OBSEvent("CurrentProgramSceneChanged", .scenes, .object(describe(after.program))))
        }
        if new.desk.isStudioMode, before.prepared != after.prepared {
            events.append(
                OBSEvent(
                    "CurrentPreviewSceneChanged", .scenes, .object(describe(after.prepared ?? after.program))))
        }
        return events
    }

    private static func items(_ old: OBSView, _ new: OBSView) -> [OBSEvent] {
        var events: [OBSEvent] = []
        for scene in new.status?.scenes ?? [] {
            let name = scene.scene.name
            guard let before = old.status?.scenes?.first(where: { $0.scene.name == name })?.scene.items else {
                continue
            }
            for (index, (was, item)) in zip(before, scene.scene.items).enumerated()
            where was.input == item.input && was.isVisible != item.isVisible {
                events.append(
                    OBSEvent(
                        "SceneItemEnableStateChanged", .sceneItems,
                        [
                            "sceneName": .string(name), "sceneUuid": .string(OBSNames.scene(name)),
                            "sceneItemId": .integer(Int64(index) + 1), "sceneItemEnabled": .bool(item.isVisible),
                        ]))
            }
        }
        return events
    }

    private static func inputs(_ old: OBSView, _ new: OBSView) -> [OBSEvent] {
        let before = Dictionary(old.inputs.map { ($0.id, $0) }) { first, _ in first }
        let after = Dictionary(new.inputs.map { ($0.id, $0) }) { first, _ in first }
        var events: [OBSEvent] = []
        for input in old.inputs where after[input.id] == nil {
            events.append(OBSEvent("InputRemoved", .inputs, .object(describe(input))))
        }
        for input in new.inputs {
            guard let was = before[input.id] else {
                var data = OBSPlanner.describe(input).object ?? [:]
                data["inputSettings"] = [:]
                data["defaultInputSettings"] = [:]
                events.append(OBSEvent("InputCreated", .inputs, .object(data)))
                continue
            }
            if was.name != input.name {
                events.append(
                    OBSEvent(
                        "InputNameChanged", .inputs,
                        .object(describe(input).merging(["oldInputName": .string(was.name)]) { $1 })))
            }
            if was.isShown != input.isShown {
                events.append(
                    OBSEvent(
                        "InputActiveStateChanged", .activeStates,
                        .object(describe(input).merging(["videoActive": .bool(input.isShown)]) { $1 })))
            }
        }
        return events
    }

    private static func describe(_ input: InputStatus) -> [String: JSONValue] {
        ["inputName": .string(input.name), "inputUuid": .string(OBSNames.input(input.id))]
    }

    private static func sounds(_ old: OBSView, _ new: OBSView) -> [OBSEvent] {
        var events: [OBSEvent] = []
        for input in new.inputs {
            guard let was = old.strip(of: input)?.settings, let strip = new.strip(of: input)?.settings else { continue }
            let name = describe(input)
            if was.isMuted != strip.isMuted {
                events.append(
                    OBSEvent(
                        "InputMuteStateChanged", .inputs,
                        .object(name.merging(["inputMuted": .bool(strip.isMuted)]) { $1 })))
            }
            if was.gain != strip.gain {
                events.append(
                    OBSEvent(
                        "InputVolumeChanged", .inputs, .object(name.merging(OBSPlanner.volume(strip.gain)) { $1 })))
            }
            if was.pan != strip.pan {
                events.append(
                    OBSEvent(
                        "InputAudioBalanceChanged", .inputs,
                        .object(name.merging(["inputAudioBalance": .number((strip.pan + 1) / 2)]) { $1 })))
            }
        }
        return events
    }

    private static func outputs(_ old: OBSView, _ new: OBSView) -> [OBSEvent] {
        func stream(_ isActive: Bool, _ state: String) -> OBSEvent {
            OBSEvent(
                "StreamStateChanged", .outputs,
                ["outputActive": .bool(isActive), "outputState": .string("OBS_WEBSOCKET_OUTPUT_\(state)")])
        }
        func record(_ isActive: Bool, _ state: String) -> OBSEvent {
            OBSEvent(
                "RecordStateChanged", .outputs,
                [
                    "outputActive": .bool(isActive), "outputState": .string("OBS_WEBSOCKET_OUTPUT_\(state)"),
                    "outputPath": (new.recordingPath ?? old.recordingPath).map { .string($0) } ?? .null,
                ])
        }
        var events: [OBSEvent] = []
        switch (old.isStreaming, new.isStreaming) {
        case (false, true): events += [stream(false, "STARTING"), stream(true, "STARTED")]
        case (true, false): events += [stream(false, "STOPPING"), stream(false, "STOPPED")]
        case (true, true) where old.isReconnecting != new.isReconnecting:
            events.append(new.isReconnecting ? stream(false, "RECONNECTING") : stream(true, "RECONNECTED"))
        default: break
        }
        switch (old.isRecording, new.isRecording) {
        case (false, true): events += [record(false, "STARTING"), record(true, "STARTED")]
        case (true, false): events += [record(false, "STOPPING"), record(false, "STOPPED")]
        default: break
        }
        return events
    }

    private static func desk(_ old: OBSDesk, _ new: OBSDesk) -> [OBSEvent] {
        var events: [OBSEvent] = []
        if old.isStudioMode != new.isStudioMode {
            events.append(OBSEvent("StudioModeStateChanged", .ui, ["studioModeEnabled": .bool(new.isStudioMode)]))
        }
        if old.transition != new.transition {
            let description = OBSDesk.description(new.transition)
            events.append(
                OBSEvent(
                    "CurrentSceneTransitionChanged", .transitions,
                    [
                        "transitionName": description["transitionName"] ?? .null,
                        "transitionUuid": description["transitionUuid"] ?? .null,
                    ]))
        }
        if old.milliseconds != new.milliseconds {
            events.append(
                OBSEvent(
                    "CurrentSceneTransitionDurationChanged", .transitions,
                    ["transitionDuration": .integer(new.milliseconds)]))
        }
        if old.lastReplay != new.lastReplay, let path = new.lastReplay {
            events.append(OBSEvent("ReplayBufferSaved", .outputs, ["savedReplayPath": .string(path)]))
        }
        return events
    }

    /// How loud each input is: the same for both channels, as both are measured together.
    package static func meters(_ view: OBSView) -> OBSEvent {
        OBSEvent(
            "InputVolumeMeters", .volumeMeters,
            [
                "inputs": .array(
                    view.inputs.compactMap { input in
                        guard let strip = view.strip(of: input) else { return nil }
                        let channel: JSONValue = [
                            .number(strip.levels.rms.amplitude), .number(strip.levels.peak.amplitude),
                            .number(strip.levels.peak.amplitude),
                        ]
                        return .object(
                            describe(input).merging(["inputLevelsMul": strip.isHeard ? [channel, channel] : []]) { $1 })
                    })
            ])
    }
}
