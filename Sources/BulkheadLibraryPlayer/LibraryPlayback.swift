package import BulkheadHTTP
import BulkheadModel
import BulkheadSystem
import Synchronization

/// Plays a recording of a library, from its first byte or a time on. It asks the trackers once; where the node that plays is
/// dead, silent, slow or dies, the next one of the answer goes on where it was.
package actor LibraryPlayback {
    /// What decoders are given, in order.
    package enum Piece: Hashable, Sendable {
        /// `ftyp` and `moov`: once, before all else.
        case header([UInt8])
        /// Fragments from an IDR on. `start` and `end` count in seconds from the start of the recording.
        case segment([UInt8], start: Double, end: Double)

        package var bytes: [UInt8] {
            switch self {
            case .header(let bytes), .segment(let bytes, _, _): bytes
            }
        }
    }

    private struct Source {
        let node: PlayableNode
        var playlist: MediaPlaylist
    }

    private let address: VideoAddress
    private let patience: PlaybackPatience
    private let trust: ClientTrust?
    private let tell: @Sendable (PlaybackHappening) -> Void
    private var nodes: [PlayableNode] = []
    private var tracker: HTTPAddress?
    /// Nodes of the answer that gave nothing.
    private var failed: Set<String> = []
    /// Nodes that gave less than is played: they are taken where there is no other.
    private var slow: Set<String> = []
    private var source: Source?
    private var hasHeader = false
    private var position: Double
    private var troubleSince: MonotonicTime?
    private var lastFailure = ""
    /// Whether none of the answer's nodes could prove who it is.
    private var isDistrust = true
    private var lastRefusal = ""
    private var reports: Task<Void, Never>?

    /// - Parameters:
    ///   - start: seconds from the start of the recording.
    ///   - trust: whom it believes under TLS; nil for the system's authorities.
    ///   - tell: called with what happens.
    package init(
        _ address: VideoAddress, from start: Double = 0, patience: PlaybackPatience = PlaybackPatience(),
        trust: ClientTrust? = nil, tell: @escaping @Sendable (PlaybackHappening) -> Void
    ) {
        self.address = address
        self.patience = patience
        self.trust = trust
        self.tell = tell
        position = start
    }

    /// The next piece; nil at the end. One call at a time.
    package func next() async throws(PlaybackError) -> Piece? {
        while !Task.isCancelled {
            guard let source else {
                try await choose()
                continue
            }
            do throws(FetchFailure) {
                if let piece = try await piece(of: source) {
                    troubleSince = nil
                    return piece
                }
                if source.playlist.isEnded { return nil }
                try? await Task.sleep(for: patience.growth)
                self.source?.playlist = try await playlist(of: source.node).0
            } catch {
                if Task.isCancelled { return nil }
                leave(source.node, error)
            }
        }
        return nil
    }

    /// Waits until the tracker has been told how the tries went; the last call.
    package func close() async { await reports?.value }

    private func piece(of source: Source) async throws(FetchFailure) -> Piece? {
        if !hasHeader {
            let bytes = try await fetch(source.playlist.header, of: source.node, nil, nil).body
            hasHeader = true
            return .header(bytes)
        }
        guard let segment = source.playlist.segment(at: position) else { return nil }
        // What is played in a second has to come in a second, where there is somebody else who may give it.
        let isAlone = nodes.allSatisfy {
            $0.node == source.node.node || failed.contains($0.node) || slow.contains($0.node)
        }
        let rate = segment.bytes.map { Double($0.count) / max(0.1, segment.end - segment.start) }
        let answer = try await fetch(segment.name, of: source.node, segment.bytes, isAlone ? nil : rate)
        position = segment.end
        return .segment(answer.body, start: segment.start, end: segment.end)
    }

    private func fetch(
        _ name: String, of node: PlayableNode, _ bytes: ClosedRange<Int64>?, _ rate: Double?
    ) async throws(FetchFailure) -> MediaFetch.Answer {
        guard let address = node.address(of: name) else { throw .broken("its playlist names no address") }
        return try await MediaFetch(
            address: address, bytes: bytes, silence: patience.silence, leastBytesPerSecond: rate, trust: trust
        ).run()
    }

    private nonisolated func playlist(of node: PlayableNode) async throws(FetchFailure) -> (MediaPlaylist, Duration) {
        let answer = try await MediaFetch(address: node.playlist, silence: patience.silence, trust: trust).run()
        guard let playlist = MediaPlaylist(String(decoding: answer.body, as: UTF8.self)) else {
            throw .broken("it gives no playlist")
        }
        return (playlist, answer.wait)
    }

    private func leave(_ node: PlayableNode, _ failure: FetchFailure) {
        tell(.left(node: node.node, because: "\(failure)"))
        note(failure, of: node)
        if failure == .slow { slow.insert(node.node) } else { failed.insert(node.node) }
        troubleSince = troubleSince ?? .now
        source = nil
        if failure != .slow { report([Trip(node: node.node, token: node.token, milliseconds: nil)]) }
    }

    private func note(_ failure: FetchFailure, of node: PlayableNode) {
        lastFailure = "\(node.node) \(failure)"
        if case .untrusted = failure {} else { isDistrust = false }
    }

    /// Has the nodes that are left tried, the best first, and keeps the first that gives its playlist.
    private func choose() async throws(PlaybackError) {
        if nodes.isEmpty {
            try await find()
            if nodes.isEmpty { return }
        }
        let left = nodes.filter { !failed.contains($0.node) }
        let quick = left.filter { !slow.contains($0.node) }
        guard !left.isEmpty else {
            if isDistrust { throw .untrusted(lastFailure) }
            try check { .noNode(lastFailure) }
            tell(.asksAgain)
            nodes = []
            failed = []
            slow = []
            isDistrust = true
            // Between two questions something has to have happened.
            try? await Task.sleep(for: patience.step)
            return
        }
        let tries = quick.isEmpty ? left : quick
        let outcomes = Mutex<[String: Result<Double, FetchFailure>]>([:])
        let begun = Mutex<[String: MonotonicTime]>([:])
        let winner = await StaggeredRace.first(of: tries, every: patience.step) { [self] node in
            begun.withLock { $0[node.node] = .now }
            do throws(FetchFailure) {
                let (playlist, wait) = try await playlist(of: node)
                outcomes.withLock { $0[node.node] = .success(Double(wait.nanoseconds) / 1e6) }
                return playlist
            } catch {
                if !Task.isCancelled { outcomes.withLock { $0[node.node] = .failure(error) } }
                return nil
            }
        }
        if Task.isCancelled { return }
        judge(tries, outcomes.withLock { $0 }, begun.withLock { $0 }, isOver: winner == nil)
        guard let winner else {
            troubleSince = troubleSince ?? .now
            return
        }
        let node = tries[winner.place]
        source = Source(node: node, playlist: winner.value)
        let waited = (try? outcomes.withLock { $0[node.node] }?.get()) ?? 0
        tell(.playing(node: node.node, why: node.why, waitedMilliseconds: waited))
    }

    /// Notes how the tries went, and tells the tracker.
    private func judge(
        _ tries: [PlayableNode], _ outcomes: [String: Result<Double, FetchFailure>], _ begun: [String: MonotonicTime],
        isOver: Bool
    ) {
        var trips: [Trip] = []
        for node in tries {
            switch outcomes[node.node] {
            case .success(let milliseconds):
                trips.append(Trip(node: node.node, token: node.token, milliseconds: milliseconds))
            case .failure(let failure):
                failed.insert(node.node)
                note(failure, of: node)
                tell(.left(node: node.node, because: "\(failure)"))
                trips.append(Trip(node: node.node, token: node.token, milliseconds: nil))
            case nil:
                guard let start = begun[node.node] else { continue }
                // Another one was quicker, by so much that it's not worth waiting for this one.
                let waited = Double(MonotonicTime.now.since(start)) / 1e6
                failed.insert(node.node)
                tell(.left(node: node.node, because: "gave nothing for \(Int(waited)) ms, and another one did"))
                if waited >= Double(patience.step.nanoseconds) / 1e6 {
                    trips.append(Trip(node: node.node, token: node.token, milliseconds: nil))
                }
            }
        }
        report(trips)
    }

    /// - Throws: what `error` gives, when it has been tried for long enough.
    private func check(_ error: () -> PlaybackError) throws(PlaybackError) {
        let since = troubleSince ?? .now
        troubleSince = since
        if MonotonicTime.now.since(since) >= patience.trouble.nanoseconds { throw error() }
    }

    // MARK: - Trackers

    private struct TrackerAnswer: Sendable {
        let name: String
        let nodes: [PlayableNode]
    }

    private func find() async throws(PlaybackError) {
        let question = TrackerQuestion(
            trackers: address.trackers, step: patience.step, silence: patience.silence, trust: trust)
        let outcome = await question.ask("/find/\(address.id)") { body, tracker throws(FetchFailure) in
            guard let found = try? JSONLine.decode(FoundVideo.self, from: body) else {
                throw .broken("it answers what is no video")
            }
            let nodes = found.candidates.prefix(8).compactMap { PlayableNode($0, askedAt: tracker) }
            guard !nodes.isEmpty else { throw .broken("it names no nodes") }
            return TrackerAnswer(name: String(found.video.name.prefix(255)), nodes: nodes)
        }
        if Task.isCancelled { return }
        switch outcome {
        case .answered(let tracker, let answer):
            self.tracker = tracker
            nodes = answer.nodes
            tell(
                .found(
                    name: answer.name, tracker: tracker.authority,
                    nodes: nodes.map { NamedNode(node: $0.node, why: $0.why) }))
        case .unknown: throw .unknown("the video \(address.id)")
        case .untrusted(let phrase): throw .untrusted(phrase)
        case .failed(let phrase):
            try check { .noTracker(phrase) }
            if phrase != lastRefusal { tell(.noTracker(phrase)) }
            lastRefusal = phrase
            try? await Task.sleep(for: patience.step)
        }
    }

    private struct Report: Encodable {
        let video: String
        let trips: [Trip]
    }

    /// Tells the tracker that answered; what doesn't reach it is no loss.
    private func report(_ trips: [Trip]) {
        guard !trips.isEmpty, let tracker,
            let target = HTTPAddress("\(VideoAddress.origin(tracker))/tracker/trips")
        else { return }
        let body = JSONLine.encode(Report(video: address.id, trips: trips))
        // close() waits for it; each waits for the one before, which ends within the silence.
        reports = Task { [before = reports, silence = patience.silence, trust] in
            await before?.value
            _ = try? await MediaFetch(address: target, body: body, silence: silence, trust: trust).run()
        }
    }
}
