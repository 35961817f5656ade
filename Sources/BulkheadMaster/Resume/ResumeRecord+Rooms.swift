import BulkheadEvents
import BulkheadInputs
import BulkheadLinks
import BulkheadModel
import BulkheadOutputs
import BulkheadProgram

extension ResumeRecord {
    /// What the rooms say of themselves, as a later broadcast needs it.
    /// - Parameter program: nil where nothing is made of the input.
    init(
        _ name: String, _ wanted: BroadcastSettings, _ inputs: InputsSnapshot, _ program: ProgramSnapshot?,
        _ outputs: OutputsSnapshot, reach: [String: LinkPatience.Reach], recordings: [RecordingPlace],
        framesBefore: Int64
    ) {
        var settings = wanted
        settings.resume = nil
        // The numbers of frames and the places of scenes hold for this rate and size.
        if program != nil { (settings.sizeFollowsInput, settings.rateFollowsInput) = (nil, nil) }
        let strips = (program?.sound.strips ?? []).reduce(into: [InputID: StripSettings]()) {
            $0[$1.input] = $1.settings
        }
        // What is a file has been played to its end, or nothing of it is used.
        let named = inputs.inputs.filter { $0.backupOf == nil }
        let lasting = named.filter { ![.ended, .failed].contains($0.child.state) }
        settings.inputs = lasting.map { input in
            var settings = input.settings
            // One that has no name and is not used would be closed.
            if lasting.count > 1 || settings.name != nil { settings.name = input.name }
            if let strip = strips[input.id], strip != StripSettings() { settings.strip = strip }
            return settings
        }
        let scenes = program?.scenes ?? []
        settings.scenes = scenes.isEmpty ? nil : scenes.map(\.scene)
        for (index, link) in outputs.links.enumerated() where settings.destinations.indices.contains(index) {
            let destination = settings.destinations[index]
            // One that is called by its number keeps it, also where others have gone.
            let standard = outputs.links.count == 1 ? "link" : "link \(index + 1)"
            guard destination.name.isEmpty, link.name != "link", link.name != standard else { continue }
            settings.destinations[index].name = String(link.name.dropFirst("link ".count))
        }
        let now = EventLog.wallClock()
        self.init(
            name: name, bootID: Self.bootID, startedAt: now, savedAt: now, settings: settings,
            inputs: lasting.map { InputPlace(id: $0.id, name: $0.name) },
            gone: named.filter { $0.child.state == .ended || $0.child.state == .failed }.map(\.name),
            shown: program?.scene.flatMap { $0.isEmpty ? nil : $0 }, prepared: program?.prepared,
            sound: program?.sound.settings ?? ProgramSoundSettings(),
            pausedLinks: outputs.links.filter { link in
                !link.lanes.isEmpty && link.lanes.allSatisfy { $0.state == .paused }
            }.map(\.name), reach: reach,
            recordings: recordings, framesBefore: framesBefore,
            place: ResumePlace(frame: program?.nextFrame ?? 0, pictures: 0, time: now))
    }
}
