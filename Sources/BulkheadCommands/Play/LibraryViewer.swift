import BulkheadFLV
import BulkheadHTTP
import BulkheadLibraryPlayer
import BulkheadModel
import BulkheadProbe
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadStreamPlayer
import BulkheadSystem

/// Brings a recording of a library to a probe, as a player would show it: in its own time, with one piece read ahead.
enum LibraryViewer {
    /// Watches to the end of the recording, or until the task is cancelled.
    static func watch(
        _ address: VideoAddress, with probe: Probe, patience: PlaybackPatience, trust: ClientTrust?
    ) async throws(BroadcastError) {
        let (happenings, teller) = AsyncStream<PlaybackHappening>.makeStream()
        let playback = LibraryPlayback(address, patience: patience, trust: trust) { teller.yield($0) }
        let result = await withTaskGroup(of: Result<Void, BroadcastError>?.self) { group in
            group.addTask {
                for await happening in happenings { await tell(happening, to: probe) }
                return nil
            }
            group.addTask {
                let result = await LongRun.outcome { () throws(BroadcastError) in try await feed(playback, to: probe) }
                await playback.close()
                teller.finish()
                return result
            }
            var result: Result<Void, BroadcastError> = .success(())
            for await next in group { if let next { result = next } }
            return result
        }
        try result.get()
    }

    private static func tell(_ happening: PlaybackHappening, to probe: Probe) async {
        switch happening {
        case .playing(let node, let why, _): await probe.connected(to: "\(node) (\(why))")
        case .left(let node, let because): await probe.moved(because: "\(node) \(because)")
        case .found, .asksAgain, .noTracker: break
        }
    }

    private static func feed(_ playback: LibraryPlayback, to probe: Probe) async throws(BroadcastError) {
        var reader = RecordedPieces()
        // The wall's moment of the recording's start; later by each time that nothing was there to be shown.
        var start: MonotonicTime?
        var piece = try await next(of: playback)
        while let current = piece, !Task.isCancelled {
            async let following = next(of: playback)
            for message in try reader.messages(of: current) {
                let offset = message.milliseconds.multipliedReportingOverflow(by: 1_000_000)
                guard !offset.overflow else { throw BroadcastError(.input, "the recording's times can't be") }
                let now = MonotonicTime.now
                let begun = start ?? now.advanced(by: -offset.partialValue)
                let due = begun.advanced(by: offset.partialValue)
                let rest = due.since(now)
                if rest > 0 {
                    do { try await Task.sleep(for: .nanoseconds(rest)) } catch { break }
                }
                // What comes late was waited for: all that follows is as much later.
                start = rest < -50_000_000 ? now.advanced(by: -offset.partialValue) : begun
                await probe.take(
                    message.kind, timestamp: UInt32(truncatingIfNeeded: message.milliseconds), payload: message.payload)
            }
            do { piece = try await following } catch {
                throw error as? BroadcastError ?? BroadcastError(.input, "\(error)")
            }
        }
    }

    private static func next(of playback: LibraryPlayback) async throws(BroadcastError) -> LibraryPlayback.Piece? {
        do { return try await playback.next() } catch { throw BroadcastError(playing: error) }
    }
}

/// Brings a live room of a library to a probe.
enum RoomViewer {
    /// Watches until the room is over, or the task is cancelled.
    static func watch(
        _ address: RoomAddress, with probe: Probe, patience: PlaybackPatience, options: StreamOptions
    ) async throws(BroadcastError) {
        let playback = RoomPlayback(address, patience: patience, options: options) { _ in }
        try await playback.runToBroadcastError { piece in
            switch piece {
            case .began(let node, let why, let before):
                // A server's timestamps are its own.
                if let before { await probe.disconnected(before) }
                await probe.connected(to: "\(node) (\(why))")
            case .message(let played):
                guard let kind = FLVTag.Kind(rawValue: played.message.type.rawValue), kind != .script else { break }
                await probe.take(
                    kind, timestamp: played.message.timestampMilliseconds, payload: played.message.payload)
            }
            return !Task.isCancelled
        }
    }
}

extension RoomPlayback {
    /// The same with the errors of a command.
    func runToBroadcastError(_ take: @escaping Taker) async throws(BroadcastError) {
        do { try await run(take) } catch let error as PlaybackError { throw BroadcastError(playing: error) } catch {
            throw error as? BroadcastError ?? BroadcastError(.input, "the stream can't be played: \(error)")
        }
    }
}

extension BroadcastError {
    /// A recording or a room that can't be played.
    init(playing error: PlaybackError) {
        switch error {
        case .unknown: self.init(.input, "\(error)", advice: "look for it on the library's page")
        case .noTracker:
            self.init(.input, "\(error)", advice: "see whether the library runs, or name another one with --tracker")
        case .noNode: self.init(.input, "\(error)", advice: "see whether the node that has it runs")
        case .untrusted: self.init(.input, "\(error)", advice: AuthorityFile.advice)
        }
    }
}
