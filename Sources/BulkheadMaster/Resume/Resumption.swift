import BulkheadEvents
package import BulkheadInputs
package import BulkheadMedia
package import BulkheadModel
package import BulkheadOutputs
import BulkheadSystem
import BulkheadWire
import Glibc

/// What a broadcast with a name begins with: the name, which no other has meanwhile, and what is resumed.
struct Resumption: Sendable {
    /// Keeps what the next one is resumed from.
    let store: ResumeStore
    /// What is resumed; nil for a broadcast that begins.
    let start: ResumeStart?

    /// Takes the name that `settings` give, and reads what it left behind.
    /// - Returns: the settings that count, and nil for a broadcast without a name.
    /// - Throws: kind `control` where another broadcast has the name or there is nothing to resume, kind `file` where it can't
    ///   be read or kept.
    static func take(
        _ settings: BroadcastSettings, telling events: EventLog
    ) async throws(BroadcastError) -> (settings: BroadcastSettings, resumption: Resumption?) {
        guard let name = settings.name else { return (settings, nil) }
        guard RoomSettings.isName(name) else {
            throw BroadcastError(
                code: .settingOutOfRange, ["setting": "name"], "\"\(name)\" is no name of a broadcast")
        }
        let store = ResumeStore(name)
        let found = try await open(store, name)
        guard let wish = settings.resume else {
            if found.record?.isResumable ?? (found.damage != nil), let path = await store.ask({ $0.keepBefore(found) })
            {
                events.post(.master, .master(.resumeReplaced(path: path)))
            }
            await store.ask { $0.forgetRecord() }
            return (settings, Resumption(store: store, start: nil))
        }
        if let damage = found.damage, wish.mayStart {
            let path = await store.ask { $0.putAside() }
            events.post(.master, .master(.resumeDamaged(path: path, text: damage)))
        } else if let damage = found.damage {
            throw BroadcastError(
                code: .resumeUnreadable, ["path": store.path], "what was kept of \(name) can't be read: \(damage)",
                advice: "begin anew, with the same name and without resuming")
        }
        if let record = found.record, record.isResumable {
            let start = try ResumeStart(record, wish.timeline, isAfterReboot: found.isAfterReboot)
            // The place of this one will be noted over that of the last one, of which the record may know less.
            _ = await store.ask { files in Result { () throws(ResumeFiles.Problem) in try files.save(record) } }
            return (start.settings, Resumption(store: store, start: start))
        }
        guard wish.mayStart else {
            await store.ask { $0.release() }
            throw nothing(name, found.record)
        }
        await store.ask { $0.forgetRecord() }
        return (settings, Resumption(store: store, start: nil))
    }

    private static func open(
        _ store: ResumeStore, _ name: String
    ) async throws(BroadcastError) -> ResumeFiles.Found {
        let result = await store.ask { files in
            Result { () throws(ResumeFiles.Problem) in try files.open() }
        }
        switch result {
        case .success(let found): return found
        case .failure(.inUse):
            throw BroadcastError(
                code: .nameInUse, ["name": name], "another broadcast has the name \(name)",
                advice: "end it, or choose another name")
        case .failure(let problem):
            throw BroadcastError(
                code: .notWritable, ["path": store.path], "the broadcast \(name) can't be kept: \(problem.text)",
                advice: "check XDG_STATE_HOME and the folder's permissions")
        }
    }

    private static func nothing(_ name: String, _ record: ResumeRecord?) -> BroadcastError {
        let how =
            switch record?.end {
            case .ended: ": it came to its end"
            case .stopped: ": it was stopped"
            default: ""
            }
        return BroadcastError(
            code: .nothingToResume, ["name": name], "there is nothing to resume of \(name)\(how)",
            advice: "begin it with its settings and this name")
    }
}

/// What is resumed of a broadcast: its settings, and what is no setting.
package struct ResumeStart: Sendable {
    /// How long an earlier broadcast may have gone on after what is on the disk after the machine went down.
    private static let longestUnsaved = 3.0

    /// As they were wanted, without what can't go on.
    package private(set) var settings: BroadcastSettings
    /// Of the settings' inputs, in the same order.
    package private(set) var inputs: [InputPlace]
    package private(set) var recordings: [RecordingPlace]
    package let firstFrame: FrameNumber
    /// How many pictures destinations were given before, on the same timeline.
    package let pictures: Int64
    package let framesBefore: Int64
    /// Behind what a stream that is passed on as it is begins on its timeline; nil for its zero.
    package let copiedTo: MediaTime?
    package let timeline: ResumeWish.Timeline
    /// What was kept.
    package let record: ResumeRecord
    /// Inputs that can't go on, and why.
    package private(set) var gone: [Gone]

    package struct Gone: Hashable, Sendable {
        package let input: String
        package let cause: String

        package init(_ input: String, _ cause: String) { (self.input, self.cause) = (input, cause) }
    }

    /// - Parameter isAfterReboot: what was noted last may be lost.
    /// - Throws: kind `input`, where no input can go on; kind `control`, where its time is over.
    package init(
        _ record: ResumeRecord, _ timeline: ResumeWish.Timeline, isAfterReboot: Bool
    ) throws(BroadcastError) {
        self.record = record
        self.timeline = timeline
        (settings, inputs) = (record.settings, record.inputs)
        gone = record.gone.map { Gone($0, "it was at its end, or was given up") }
        for index in inputs.indices { inputs[index].resume = record.place.inputs["\(inputs[index].id)"] }
        switch timeline {
        case .continue:
            // What was sent and is not on the disk is never sent again under the same number.
            let unsaved = isAfterReboot ? record.settings.frameRate.frameCount(within: Self.longestUnsaved) : 0
            firstFrame = record.place.frame + unsaved
            pictures = record.place.pictures + unsaved
            framesBefore = record.framesBefore
            copiedTo = record.place.copiedTo.map { time in
                MediaTime(nanoseconds: time)
                    + MediaTime(milliseconds: isAfterReboot ? Int64(Self.longestUnsaved * 1000) : 0)
            }
            recordings = record.recordings
        case .fresh:
            (firstFrame, pictures, recordings, copiedTo) = (0, 0, [], nil)
            framesBefore = record.framesBefore + record.place.frame
        }
        // A link that was to be a file has one already, which stays as it is.
        var taken: Set<String> = []
        for index in settings.destinations.indices where settings.destinations[index].isFile {
            let url = Self.free(settings.destinations[index].url, besides: taken)
            settings.destinations[index].url = url
            taken.insert(url)
        }
        for index in settings.inputs.indices.reversed() where settings.inputs[index].url == "-" {
            gone.append(Gone(inputs[index].name, "standard input can't be read twice"))
            settings.inputs.remove(at: index)
            inputs.remove(at: index)
        }
        guard !settings.inputs.isEmpty else {
            throw BroadcastError(
                .input, "\(record.name) can't be resumed: standard input, which it showed, can't be read twice",
                advice: "begin anew")
        }
        guard
            record.settings.durationSeconds.map({ duration in
                record.settings.frameRate.frameCount(within: duration) > framesBefore + firstFrame
            }) ?? true
        else {
            throw BroadcastError(
                code: .nothingToResume, ["name": record.name],
                "there is nothing to resume of \(record.name): its time was over",
                advice: "begin it with its settings and this name")
        }
    }

    /// The first name of a file in the row `show.flv`, `show-2.flv`, … that is not taken.
    private static func free(_ url: String, besides taken: Set<String>) -> String {
        var url = url
        var information = stat()
        while url.hasSuffix(".flv"),
            taken.contains(url) || lstat(FileName.bytes(String(url.dropFirst("file:".count))), &information) == 0
        {
            var base = url.dropLast(".flv".count)
            var number = 2
            if let dash = base.lastIndex(of: "-"), let last = Int(base[base.index(after: dash)...]),
                (2..<1_000_000).contains(last)
            {
                number = last + 1
                base = base[..<dash]
            }
            url = "\(base)-\(number).flv"
        }
        return url
    }
}
