import BulkheadEvents
package import BulkheadModel
package import BulkheadRTMP
package import BulkheadRTMPTransport
package import BulkheadSelection

/// The servers of one link: what is known of each, which is at work, which is tried next and when. A value without a
/// clock: moments are spans since any fixed one.
///
/// A redundant link has two lanes, which never take the same server.
package struct ServerTable: Sendable {
    package struct Server: Sendable {
        /// Where it is, or where it asked to be looked for.
        package fileprivate(set) var target: LinkTarget
        /// Where the user said that it is, while it is looked for elsewhere.
        fileprivate var home: LinkTarget?
        package var options: PublishOptions
        package var candidate: Candidate
        fileprivate var breaker = CircuitBreaker()
        fileprivate var patience = LinkPatience()
        /// What the last handshake took: some six round trips of the network, and the server's own time.
        fileprivate var handshake: Duration?
        /// It is not tried earlier.
        fileprivate var notBefore = Duration.zero
        fileprivate var nextProbe = Duration.zero
        /// In a row, of attempts to publish.
        fileprivate var failures = 0
        /// It refused, or was never there: the others go first, and where there are none the link fails.
        fileprivate var isGivenUp = false
        fileprivate var lane: Int?
        package fileprivate(set) var lastError = ""
        /// From the first packet to an answer to RTMP's connect, smoothed.
        package var roundTrip: Duration? { breaker.roundTrip }

        /// What it is called: the candidate's name, or where it asked to be looked for.
        package var name: String { home == nil ? candidate.name : "\(target)" }

        package init(target: LinkTarget, options: PublishOptions = PublishOptions(), candidate: Candidate) {
            self.target = target
            self.options = options
            self.candidate = candidate
        }
    }

    /// What follows from a failure.
    package enum Outcome: Hashable, Sendable {
        /// There is something to try, now or later.
        case goOn
        /// No server is left that another attempt could be made with.
        case giveUp
    }

    package private(set) var servers: [Server]
    package let rule: SelectionRule
    package let policy: SelectionRule.Policy
    private var histories: [SelectionHistory]
    /// How long a server is tried that was never reached.
    private let unreached: Duration

    /// From one handshake with a server that is well to the next; with one that fails the circuit breaker says it.
    private static let probeInterval = Duration.seconds(10)
    private static let probeBackoff = Backoff([.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(15)])
    /// The share of an interval that is left to chance.
    private static let spread = 0.2
    /// What RTMP's handshake takes up to the answer to `connect`.
    private static let roundTripsOfHandshake = 6
    /// For one that has refused, while there is no other.
    private static let refusedDelay = Duration.seconds(10)

    /// How many servers the link works with at a time.
    var laneCount: Int { histories.count }

    /// - Parameter unreached: how long a server is tried that was never reached.
    package init(
        _ servers: [Server], rule: SelectionRule, lanes: Int = 1, policy: SelectionRule.Policy = .init(),
        unreached: Duration = .zero
    ) {
        self.unreached = unreached
        self.servers = servers.map { server in
            var server = server
            server.patience = LinkPatience(unreached: unreached)
            return server
        }
        self.rule = rule
        self.policy = policy
        histories = Array(repeating: SelectionHistory(), count: max(1, lanes))
    }

    package func current(_ lane: Int) -> Int? { histories[lane].current }

    // MARK: choosing

    /// The server that `lane` should try now; nil when it is too early for any.
    package func choose(_ lane: Int, at now: Duration) -> Choice? {
        let measured = measurements(lane, at: now)
        let hopeful = measured.indices.map { index in
            var measurement = measured[index]
            if servers[index].isGivenUp { measurement.isAvailable = false }
            return measurement
        }
        let candidates = servers.map(\.candidate)
        return rule.choose(among: candidates, hopeful, history: histories[lane], policy: policy)
            ?? (isAnyHopeful(lane)
                ? nil : rule.choose(among: candidates, measured, history: histories[lane], policy: policy))
    }

    /// One that should take over from the server that `lane` works with and that works.
    package func better(_ lane: Int, at now: Duration) -> Choice? {
        guard let current = histories[lane].current, let choice = choose(lane, at: now), choice.index != current else {
            return nil
        }
        return choice
    }

    /// The one to make ready beside the current one, which may be lost.
    package func understudy(_ lane: Int, at now: Duration) -> Choice? {
        var table = self
        guard let current = table.histories[lane].current else { return nil }
        table.leave(lane)
        table.servers[current].breaker.failed(at: now)
        return table.choose(lane, at: now)
    }

    private func isAnyHopeful(_ lane: Int) -> Bool {
        servers.contains { !$0.isGivenUp && ($0.lane == nil || $0.lane == lane) }
    }

    private func measurements(_ lane: Int, at now: Duration) -> [Measurement] {
        servers.map { server in
            Measurement(
                server.breaker.health(at: now), roundTrip: server.breaker.roundTrip,
                isAvailable: (server.lane == nil || server.lane == lane) && server.notBefore <= now)
        }
    }

    /// How long until a server may be tried; nil when all belong to other lanes.
    package func delay(_ lane: Int, at now: Duration) -> Duration? {
        let own = servers.filter { $0.lane == nil || $0.lane == lane }
        let hopeful = own.filter { !$0.isGivenUp }
        return (hopeful.isEmpty ? own : hopeful).map { max(.zero, $0.notBefore - now) }.min()
    }

    // MARK: what happens

    /// The server that `lane` should try now, which is nobody else's from now on; nil when it is too early for any.
    package mutating func chooseAndTake(_ lane: Int, at now: Duration) -> Choice? {
        let choice = choose(lane, at: now)
        if let choice { take(choice.index, for: lane) }
        return choice
    }

    /// `lane` turns to the server: it is nobody else's from now on.
    package mutating func take(_ index: Int, for lane: Int) {
        leave(lane)
        servers[index].lane = lane
        histories[lane].note(index)
    }

    /// `lane` makes the server ready beside the one that it works with.
    package mutating func reserve(_ index: Int, for lane: Int) {
        servers[index].lane = lane
        histories[lane].note(index)
    }

    /// It is ready.
    package mutating func answered(_ index: Int, in time: Duration, at now: Duration) {
        servers[index].handshake = time
        servers[index].breaker.succeeded(in: time, at: now)
    }

    /// The server on air, as its connection is measured by the kernel: one round trip of the network.
    package mutating func observed(_ index: Int, roundTrip: Duration, at now: Duration) {
        let handshake = max(servers[index].handshake ?? .zero, roundTrip * Self.roundTripsOfHandshake)
        servers[index].breaker.succeeded(in: handshake, at: now)
    }

    /// What was made ready is not needed.
    package mutating func release(_ index: Int) { servers[index].lane = nil }

    /// The server works for `lane`.
    package mutating func started(_ index: Int, for lane: Int, in time: Duration?, at now: Duration) {
        for other in servers.indices where servers[other].lane == lane { servers[other].lane = nil }
        servers[index].lane = lane
        servers[index].patience.started(at: now)
        servers[index].isGivenUp = false
        servers[index].handshake = time ?? servers[index].handshake
        servers[index].breaker.succeeded(in: time, at: now)
        histories[lane].current = index
    }

    /// The server has said that it has the stream, or was given time to refuse it.
    package mutating func accepted(_ index: Int) {
        servers[index].failures = 0
        servers[index].lastError = ""
    }

    /// How far any of the servers has let the stream come; nil where none was reached.
    package func reach(at now: Duration) -> LinkPatience.Reach? {
        servers.compactMap { $0.patience.reach(at: now) }.max()
    }

    /// An earlier broadcast has had the stream so far with them: they are tried as those that were reached in this one.
    package mutating func goOn(from reach: LinkPatience.Reach) {
        for index in servers.indices {
            servers[index].patience = LinkPatience(unreached: unreached, reach: reach)
        }
    }

    /// `lane` has no server any more.
    package mutating func leave(_ lane: Int) {
        for index in servers.indices where servers[index].lane == lane { servers[index].lane = nil }
        histories[lane].current = nil
    }

    /// A connection to the server, or an attempt to make one, has failed.
    /// - Parameter chance: 0 to 1, drawn anew each time.
    package mutating func failed(
        _ index: Int, _ error: PublishError, isEnding: Bool, at now: Duration, chance: Double
    ) -> Outcome {
        bringHome(index)
        servers[index].lane = nil
        servers[index].failures += 1
        servers[index].lastError = Self.words(error, of: servers[index])
        servers[index].breaker.failed(at: now)
        servers[index].nextProbe = now + Self.probeBackoff.delay(after: servers[index].failures, chance: chance)
        for lane in histories.indices where histories[lane].current == index { histories[lane].current = nil }
        switch servers[index].patience.judge(error, isEnding: isEnding, at: now) {
        case .retry(let delay):
            servers[index].notBefore = now + delay * (1 - Self.spread * chance)
            return .goOn
        case .giveUp:
            if isEnding { return .giveUp }
            servers[index].isGivenUp = true
            servers[index].notBefore = now + Self.refusedDelay * (1 - Self.spread * chance)
            // A link whose stream was taken once does not give up.
            return servers.contains { !$0.isGivenUp || $0.patience.hasHeld } ? .goOn : .giveUp
        }
    }

    /// Everything may have changed: whatever failed may be tried at once.
    /// - Parameter forgives: also what servers have refused.
    package mutating func renew(forgives: Bool) {
        for index in servers.indices {
            servers[index].notBefore = .zero
            servers[index].nextProbe = .zero
            guard forgives else { continue }
            if servers[index].lane == nil { bringHome(index) }
            servers[index].isGivenUp = false
            servers[index].breaker.reset()
            // A stream that was held once is not given up, whoever asks for another attempt.
            let wasHeld = servers[index].patience.hasHeld
            servers[index].patience = LinkPatience(unreached: unreached, reach: wasHeld ? .held : nil)
        }
    }

    /// The server has asked to be left for another address. What fails there is looked for at home again.
    package mutating func redirect(_ index: Int, to target: IngestTarget) {
        servers[index].home = servers[index].home ?? servers[index].target
        servers[index].target = .rtmp(target)
    }

    /// The server is where the user said again.
    package mutating func bringHome(_ index: Int) {
        guard let home = servers[index].home else { return }
        servers[index].target = home
        servers[index].home = nil
    }

    // MARK: measuring

    /// The servers that a handshake is due with; none of them is due again soon.
    package mutating func claimProbes(at now: Duration, chance: Double) -> [Int] {
        let due = servers.indices.filter { servers[$0].lane == nil && servers[$0].nextProbe <= now }
        for index in due {
            servers[index].nextProbe = now + Self.probeInterval * (1 - Self.spread * chance)
        }
        return due
    }

    /// How long until a handshake is due, or until a server has been well for as long as it takes to be returned to; nil
    /// where there is nobody to look after.
    package func attentionDelay(at now: Duration) -> Duration? {
        servers.filter { $0.lane == nil }.flatMap { server -> [Duration] in
            var delays = [max(.zero, server.nextProbe - now)]
            if case .well(let span) = server.breaker.health(at: now), span < policy.returnAfter {
                delays.append(policy.returnAfter - span)
            }
            return delays
        }.min()
    }

    /// What a handshake with the server came to.
    /// - Returns: whether it is news: it failed before and works now, or the other way round.
    package mutating func probed(
        _ index: Int, _ result: Result<Duration, PublishError>, at now: Duration, chance: Double
    ) -> Bool {
        let wasFailing = servers[index].breaker.failures > 0
        switch result {
        case .success(let time):
            servers[index].handshake = time
            servers[index].breaker.succeeded(in: time, at: now)
            // It was not there before: it may be asked again. What it refused it would refuse again.
            if servers[index].isGivenUp, !servers[index].patience.wasRefused { servers[index].isGivenUp = false }
            if wasFailing { servers[index].notBefore = min(servers[index].notBefore, now) }
            return wasFailing
        case .failure(let error):
            bringHome(index)
            servers[index].breaker.failed(at: now)
            servers[index].lastError = Self.words(error, of: servers[index])
            servers[index].nextProbe =
                now + Self.probeBackoff.delay(after: servers[index].breaker.failures, chance: chance)
            return !wasFailing
        }
    }

    /// No lane works with it, or makes it ready.
    package func isFree(_ index: Int) -> Bool { servers[index].lane == nil }

    /// It closes again and again soon after the stream begins: see ``LinkPatience/isRepeating``.
    package func isRepeating(_ index: Int) -> Bool { servers[index].patience.isRepeating }

    /// What is told of a failure of the server's.
    package func explained(_ error: PublishError, of index: Int) -> PublishError {
        guard servers[index].patience.suspectsKey else { return error }
        switch error {
        case .closedBeforeAcceptance, .closedByServer, .connectionLost:
            return .closedEachTime(server: servers[index].target.authority)
        default: return error
        }
    }

    /// What is known of the servers that don't answer, in words; nil where all do, or nothing is known.
    package func silence(at now: Duration) -> String? {
        let silent = servers.filter { server in
            switch server.breaker.health(at: now) {
            case .failing, .resting: true
            case .well, .unknown: false
            }
        }
        return silent.isEmpty ? nil : silent.map(\.lastError).joined(separator: "; ")
    }

    /// How many of the servers are known to answer.
    package func answeringCount(at now: Duration) -> Int {
        servers.count { if case .well = $0.breaker.health(at: now) { true } else { false } }
    }

    // MARK: telling

    package func status(at now: Duration) -> [LinkServerStatus] {
        servers.indices.map { index in
            let server = servers[index]
            let isOnAir = histories.contains { $0.current == index }
            let state: ServerState =
                switch server.breaker.health(at: now) {
                case _ where isOnAir: .onAir
                case _ where server.isGivenUp && server.patience.wasRefused: .refused
                case .well: .well
                case .unknown: .untried
                case .failing: .failing
                case .resting: .resting
                }
            return LinkServerStatus(
                name: server.name, priority: server.candidate.priority, weight: server.candidate.weight,
                state: state, roundTripMilliseconds: server.breaker.roundTrip.map { $0.inMilliseconds },
                lastError: server.lastError)
        }
    }

    /// An error, without the key: a server may repeat it.
    private static func words(_ error: any Error, of server: Server) -> String {
        var redaction = Redaction()
        for secret in server.target.secrets { redaction.hide(secret) }
        return redaction.clean("\(error)")
    }

    /// What `lane` would choose now if there were no hurry.
    package func report(_ link: String, _ lane: Int, at now: Duration) -> LinkServersReport {
        var patient = self
        for index in patient.servers.indices { patient.servers[index].notBefore = .zero }
        let choice = patient.choose(lane, at: now)
        return LinkServersReport(
            link: link, rule: rule.rawValue, servers: status(at: now),
            choice: choice.map { servers[$0.index].candidate.name }, reason: choice?.reason ?? "none can be used")
    }
}

extension Duration {
    /// With fractions.
    package var inMilliseconds: Double {
        Double(components.seconds) * 1000 + Double(components.attoseconds) / 1e15
    }
}
