import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadStreamPlayer
import BulkheadSystem
import NIOCore

/// One stream that comes from another server. It lives on the server's event loop; what comes is passed on as it is.
final class PullRelay {
    /// Who asked for it.
    enum Origin: String {
        case configuration, interface, hook
    }

    static let loopProblem = "that server is given this stream by this one: it would go round in a circle"
    private static let timeout = Duration.seconds(10)

    let options: PullOptions
    let origin: Origin
    private weak var hub: StreamHub?
    private let eventLoop: any EventLoop
    private var machine: RelayMachine
    private var publication: Publication?
    /// Its publisher has left the source then.
    private var leftAt: NIODeadline?
    /// Of the server that is played, where it has one.
    private(set) var serverMark: String?
    /// The servers that are given the stream by this one, as the server that is played was told.
    private var toldMarks: Set<String> = []
    /// Of attempts: what an older one says does not count.
    private var number = 0
    private var task: Task<Void, Never>?
    /// Why the last attempt failed; empty while the stream comes.
    private(set) var problem = ""

    init(_ options: PullOptions, by origin: Origin, _ hub: StreamHub) {
        self.options = options
        self.origin = origin
        self.hub = hub
        eventLoop = hub.eventLoop
        machine = RelayMachine(
            sourceCount: options.sources.count, isOnDemand: options.isOnDemand, linger: options.linger,
            delays: hub.options.relayDelays)
    }

    var state: RelayMachine.State { machine.state }
    var failures: Int { machine.failures }

    func demand() { machine.demand(at: .now) }

    func tick() {
        guard let hub else { return }
        let stream = hub.known(options.name)
        if let stream, stream.playerCount > 0 || stream.segments.hasListeners { demand() }
        let isTaken = stream?.isPublished == true && stream?.publisher != ObjectIdentifier(self)
        let source = source
        for action in machine.tick(isTaken: isTaken, at: .now) {
            switch action {
            case .connect(let source): connect(source)
            case .disconnect:
                disconnect(because: isTaken ? "somebody publishes it here" : "nobody plays it", from: source)
            }
        }
        judge(hub)
        tellMarks(hub)
    }

    /// In a circle nothing ever comes. Who has been added to those that would be given the stream is told to the next server by another
    /// connection, so that in the end one of them hears of itself.
    private func tellMarks(_ hub: StreamHub) {
        guard case .connecting(let source, _) = machine.state,
            !toldMarks.isSuperset(of: hub.relayMarks(playing: options.name))
        else { return }
        stopTask()
        connect(source)
    }

    /// A source that brings nothing is left.
    private func judge(_ hub: StreamHub) {
        let now = NIODeadline.now()
        if let publication {
            guard publication.fault(at: now, options: hub.options) != nil else { return }
            end(because: publication.idleReason.replacing("the publisher", with: "it"))
            return
        }
        switch machine.state {
        case .connecting(_, let since):
            let patience = Self.timeout + hub.options.publisherIdleTimeout
            if MonotonicTime.now.since(since) > patience.nanoseconds { end(because: "it has sent nothing") }
        case .flowing:
            let patience = TimeAmount(hub.options.publisherIdleTimeout)
            if let leftAt, now - leftAt > patience { end(because: "nobody publishes it there any more") }
        case .resting, .waiting: break
        }
    }

    // MARK: a connection

    private func connect(_ source: Int) {
        guard let hub else { return }
        number += 1
        let target = options.sources[source]
        let others = hub.relayMarks(playing: options.name)
        toldMarks = Set(others)
        let marks = [hub.mark] + others
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let (number, eventLoop) = (number, eventLoop)
        let work: @concurrent @Sendable () async -> Void = {
            let problem = await Self.play(target, marks, bound, number, on: eventLoop)
            eventLoop.execute { bound.value.ended(number, problem) }
        }
        // It ends with its connection, or is cancelled by `stopTask`; the relay hears of either.
        task = Task(operation: work)
    }

    /// - Returns: why it has ended.
    private static func play(
        _ source: StreamSource, _ marks: [String], _ relay: NIOLoopBound<PullRelay>, _ number: Int,
        on eventLoop: any EventLoop
    ) async -> String {
        do {
            switch source {
            case .rtmp(let target):
                var options = ConnectionOptions()
                options.timeout = timeout
                return try await RTMPPlayer.play(target, options: options, relayMarks: marks, group: eventLoop) {
                    try await follow(&$0, relay, number, on: eventLoop)
                }
            case .flv(let address):
                return try await FLVPlayer.play(address, relayMarks: marks, timeout: timeout, on: eventLoop) {
                    try await follow(&$0, relay, number, on: eventLoop)
                }
            }
        } catch { return "\(error)" }
    }

    private static func follow(
        _ events: inout some StreamEvents, _ relay: NIOLoopBound<PullRelay>, _ number: Int, on eventLoop: any EventLoop
    ) async throws -> String {
        let mark = events.serverMark
        let isCircle = try await eventLoop.submit { relay.value.isCircle(with: mark, number) }.get()
        if isCircle { return loopProblem }
        while let event = try await events.next() {
            let problem = try await eventLoop.submit { relay.value.take(event, number) }.get()
            if let problem { return problem }
        }
        return "the server closed the connection"
    }

    /// Whether the server that is asked is this one, or is given what it gives. It may come to that later: the mark is kept.
    private func isCircle(with mark: String?, _ number: Int) -> Bool {
        guard number == self.number, let mark, let hub else { return false }
        serverMark = mark
        return mark == hub.mark || hub.relayMarks(playing: options.name).contains(mark)
    }

    /// - Returns: why no more is wanted.
    private func take(_ event: PlayEvent, _ number: Int) -> String? {
        guard number == self.number, let hub else { return "it is not wanted any more" }
        switch event {
        case .media(let played):
            if publication == nil {
                do throws(RefusalReason) { try begin(hub) } catch { return error.sentence.lowercased() }
            }
            guard let publication else { return nil }
            if publication.takes(played.message) { publication.stream.forward(played.message) }
            publication.stream.flushSoon()
        case .unpublished, .republished:
            // What comes next has times of its own. Players are kept for a while.
            endPublication()
            leftAt = .now()
        }
        return nil
    }

    private func begin(_ hub: StreamHub) throws(RefusalReason) {
        let isFirst = if case .connecting = machine.state { true } else { false }
        publication = Publication(stream: try hub.publish(options.name, by: ObjectIdentifier(self)))
        machine.began(at: .now)
        leftAt = nil
        problem = ""
        if isFirst { tell(.started, source) }
    }

    private func endPublication() {
        guard let publication else { return }
        self.publication = nil
        hub?.endPublishing(publication.stream, isWanted: false)
    }

    private func ended(_ number: Int, _ problem: String) {
        guard number == self.number else { return }
        end(because: problem)
    }

    private func end(because problem: String) {
        let source = source
        endPublication()
        stopTask()
        if problem != self.problem { tell(.failed(problem), source) }
        self.problem = problem
        machine.ended(at: .now)
    }

    /// Ends for good, or until it is wanted again.
    func disconnect(because reason: String) { disconnect(because: reason, from: source) }

    private func disconnect(because reason: String, from source: StreamSource) {
        let wasFlowing = publication != nil
        endPublication()
        stopTask()
        problem = ""
        if wasFlowing { tell(.ended(reason), source) }
    }

    private func stopTask() {
        number += 1
        (leftAt, serverMark) = (nil, nil)
        task?.cancel()
        task = nil
    }

    /// The one that is asked at the moment.
    private var source: StreamSource {
        switch machine.state {
        case .connecting(let source, _), .flowing(let source, _): options.sources[source]
        case .resting, .waiting: options.sources[0]
        }
    }

    private func tell(_ news: RelayNews, _ source: StreamSource) {
        hub?.send(.relay(options.name, .pull, server: source.description, news))
    }
}
