import BulkheadEvents
package import BulkheadLinks
import BulkheadMedia
package import BulkheadModel
package import BulkheadRoom
import BulkheadSRT
import BulkheadSystem
import BulkheadWire

/// One link as its room holds it.
package struct Output: Sendable {
    package let sink: any Sink
    /// Nil for a sink that has none to choose from: a file.
    package let servers: (any Servers)?
    /// What starts its children, where it has servers that are reached by SRT.
    var srt: [SRTSenders] = []

    package init(_ sink: any Sink, servers: (any Servers)?) {
        self.sink = sink
        self.servers = servers
    }

    package init(_ link: some Sink & Servers) { self.init(link, servers: link) }

    /// Finds out whether `destination` could be used, as far as that shows before it is: a file is looked at, which may take as
    /// long as its disk does; what is wrong with a server's address shows when the link is made.
    /// - Throws: what the link would fail with at once.
    package static func check(_ destination: DestinationSettings) async throws(BroadcastError) {
        guard destination.isFile else { return }
        let path = String(destination.url.dropFirst(5))
        // The master's folder is not the one of who asks.
        guard path.hasPrefix("/"), path.hasSuffix(".flv") || path.hasPrefix("/dev/") else {
            throw BroadcastError(
                .usage, "a destination file is named by its whole path, and ends with .flv: \(path) is not",
                advice: "write file:/FOLDER/OUT.flv")
        }
        try await FileLook.check(path)
    }

    /// Makes what `entry`'s destination asks for.
    ///
    /// - Parameters:
    ///   - awaitsIDR: the broadcast is on air already: the first packet kept is an IDR.
    ///   - patience: how long servers are tried that were never reached.
    ///   - onRoom: called, on any thread, when a sink that had no room has some again.
    /// - Throws: kind `usage` for a server that can't be used.
    package static func make(
        _ entry: LinkDirectory.Entry, patience: Duration, in context: RoomContext, awaitsIDR: Bool,
        onRoom: @escaping @Sendable () -> Void
    ) throws(BroadcastError) -> Output {
        let destination = entry.destination
        let name = entry.name
        guard ThreadSupply.hasRoom(for: destination.isRedundant ? 2 : 1) else {
            throw BroadcastError(
                .internal, "\(name) needs a thread, and this machine has none left",
                advice: "see what this user and its group may have: ulimit -u, systemctl show -p TasksMax")
        }
        if destination.isFile {
            let path = String(destination.url.dropFirst(5))
            let task = RecorderTask(.flv, path: path, isPattern: false, persists: false)
            return Output(
                RecorderSink(
                    name: name, number: recordingNumber(of: entry.id), .init(task), awaitsIDR: awaitsIDR, in: context,
                    onRoom: onRoom), servers: nil)
        }
        let servers = try LinkServers(destination, name: name, patience: patience, clock: .system)
        for secret in servers.secrets { context.events.hide(secret) }
        var limits = LinkQueue.Limits()
        limits.backfill = MediaTime(nanoseconds: Int64(destination.backfillSeconds * 1e9))
        // What is sent again after a break waits too, and is no reason to shed.
        limits.duration = max(limits.duration, limits.backfill + MediaTime(milliseconds: 10_000))
        let usesSRT = destination.servers.contains { SRTAddress.isMeant(by: $0.url) }
        var senders: [SRTSenders] = []
        let lanes = (0..<(destination.isRedundant ? 2 : 1)).map { lane in
            let part = Part.link(entry.id, name: name, lane: destination.isRedundant ? lane + 1 : nil)
            let srt = usesSRT ? SRTSenders(for: part, in: context) : nil
            if let srt { senders.append(srt) }
            return ServerLink(
                name: name, id: entry.id, servers: servers, lane: lane,
                mailbox: LinkMailbox(limits: limits, awaitsIDR: awaitsIDR, onRoom: onRoom), events: context.events,
                archive: .standard, srt: srt)
        }
        var output = lanes.count == 1 ? Output(lanes[0]) : Output(RedundantLink(lanes))
        output.srt = senders
        return output
    }

    /// The numbers of links' files follow those of the recordings.
    private static func recordingNumber(of link: LinkID) -> Int { SettingRange.mostRecordings + link.number }

    /// Makes a recording.
    /// - Parameters:
    ///   - number: from 1.
    ///   - place: of a recording that it goes on with, by a segment of its own; nil for one that begins.
    ///   - firstPicture: how many pictures came before, in earlier broadcasts and in this one.
    ///   - awaitsIDR: the broadcast is on air already: the first packet kept is an IDR.
    static func make(
        _ settings: RecordingSettings, number: Int, isAlone: Bool, goingOn place: RecordingPlace?, firstPicture: Int64,
        awaitsIDR: Bool, in context: RoomContext,
        onRoom: @escaping @Sendable () -> Void, onHappening: @escaping (_ name: String, RecordingHappening) -> Void
    ) -> RecorderSink {
        var task = RecorderTask(
            settings.path.hasSuffix(".mp4") ? .mp4 : .flv, path: settings.path, isPattern: true, persists: true)
        task.recording = .init(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
        if let place {
            task.recording = .init(high: place.high, low: place.low)
            task.segment = place.segment.addingReportingOverflow(1).partialValue
        }
        task.segmentSeconds = UInt32(clamping: Int64(settings.segmentSeconds ?? 0))
        task.segmentByteCount = settings.segmentByteCount ?? 0
        task.floor = settings.floor
        task.keep = .init(
            seconds: UInt64(clamping: Int64(settings.keepSeconds ?? 0)), byteCount: settings.keepByteCount ?? 0)
        var terms = RecorderMachine.Terms(task)
        terms.fallbackFolder = settings.fallbackFolder
        if place != nil { terms.firstPicture = firstPicture }
        terms.report = .milliseconds(
            Int64((settings.reportSeconds ?? RecordingSettings.standardReportSeconds) * 1000))
        let name = isAlone ? "recording" : "recording \(number)"
        return RecorderSink(
            name: name, number: number, terms, awaitsIDR: awaitsIDR, in: context, onRoom: onRoom,
            onHappening: { onHappening(name, $0) })
    }
}

extension RecordingSettings {
    /// In the wire's words.
    var floor: RecorderTask.Floor {
        let isSet = floorByteCount != nil || floorPercent != nil
        let percent = isSet ? floorPercent : Self.standardFloorPercent
        return RecorderTask.Floor(
            byteCount: isSet ? floorByteCount ?? .max : Self.standardFloorByteCount,
            millionths: percent.map { UInt32(clamping: Int64($0 * 10_000)) } ?? 1_000_000)
    }
}
