import BulkheadEvents
import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSelection

/// While a connection is on air: the other servers. They are shaken hands with, modestly; one is made ready when the
/// connection on air may be lost, and when there is a better one or the server asks to be left.
extension LinkMachine {
    /// What is under way beside the connection on air: one thing at a time.
    enum Beside: Hashable, Sendable {
        case idle
        case preparingUnderstudy(Choice, since: Duration)
        case preparingMove(Choice, since: Duration, isByHand: Bool)
        /// The server on air asked to be left.
        case obeying(replacesSame: Bool)
        case probing
    }

    /// What is looked at, in this order, before the next pause.
    private enum Look: Int {
        case understudy, request, probes, better
    }

    /// With one server alone there is nothing to look after, but for the server's own requests, which wake.
    private static let idlePause = Duration.seconds(3600)
    /// A server that another lane works with may come free without a word.
    private static let longestPause = Duration.seconds(5)
    private static let shortestPause = Duration.milliseconds(20)
    /// For a handshake with a server that is not in use.
    static let probePatience = Duration.seconds(5)

    mutating func watch(_ event: Event, _ servers: inout ServerTable, at now: Duration) -> [Action] {
        switch (beside, event) {
        case (_, .readyEnded):
            return dismissUnderstudy(&servers)
        case (.preparingUnderstudy(let choice, let since), .prepared(_, let error)):
            guard note(choice, error, since, &servers, at: now) else { return look(from: .request, &servers, at: now) }
            understudy = Ready(server: choice.index, reason: choice.reason)
            return [.post(.prepared(server: servers.servers[choice.index].name))]
                + look(from: .request, &servers, at: now)
        case (.preparingMove(let choice, let since, let isByHand), .prepared(_, let error)):
            guard note(choice, error, since, &servers, at: now) else {
                let isTold = isByHand && error != .cancelled
                return (isTold ? error.map { [.post(.notMoved(reason: $0.asReason))] } ?? [] : [])
                    + pauseWatching(servers, at: now)
            }
            move = Ready(server: choice.index, reason: choice.reason, isByHand: isByHand)
            let moving = Action.post(
                .moving(server: servers.servers[choice.index].name, choice: choice.reason))
            return [moving, .wakeSending] + pauseWatching(servers, at: now)
        case (.obeying(let replacesSame), .prepared(_, let error)):
            return obeyed(replacesSame, error, &servers) + look(from: .probes, &servers, at: now)
        case (.probing, .probed): return look(from: .better, &servers, at: now)
        case (_, .lookAround): return look(from: .understudy, &servers, at: now)
        default: return []
        }
    }

    /// What came of making a server ready.
    /// - Returns: whether it is.
    private func note(
        _ choice: Choice, _ error: PublishError?, _ since: Duration, _ servers: inout ServerTable, at now: Duration
    ) -> Bool {
        guard let error else {
            servers.answered(choice.index, in: now - since, at: now)
            return true
        }
        servers.release(choice.index)
        // Whoever is cancelled has learned nothing.
        if error != .cancelled { _ = servers.probed(choice.index, .failure(error), at: now, chance: draw()) }
        return false
    }

    private mutating func obeyed(
        _ replacesSame: Bool, _ error: PublishError?, _ servers: inout ServerTable
    ) -> [Action] {
        guard let serving else { return error == nil ? [.drop(.move)] : [] }
        guard let error else {
            move = Ready(server: serving, reason: "the server asked for it", replacesSame: replacesSame)
            return [.wakeSending]
        }
        servers.bringHome(serving)
        return error == .cancelled ? [] : [.post(.redirectFailed(reason: error.asReason))]
    }

    /// A connection is on air that is not about to be left: there is time to look after the other servers.
    private var isWatching: Bool {
        switch course {
        case .sending, .passing: true
        default: false
        }
    }

    private mutating func look(from first: Look, _ servers: inout ServerTable, at now: Duration) -> [Action] {
        beside = .idle
        guard isWatching, let serving else { return [] }
        var actions = releaseHeldBack(at: now)
        if first == .understudy {
            if phase != .stalled {
                actions += dismissUnderstudy(&servers)
            } else if understudy == nil, move == nil, let choice = servers.understudy(lane, at: now),
                choice.index != serving
            {
                servers.reserve(choice.index, for: lane)
                beside = .preparingUnderstudy(choice, since: now)
                return actions + [.work(.prepare(choice.index, .understudy))]
            }
        }
        if first.rawValue <= Look.request.rawValue, let request {
            self.request = nil
            if let target = request.target, move == nil {
                beside = .obeying(replacesSame: .rtmp(target) == servers.servers[serving].target)
                servers.redirect(serving, to: target)
                let words = request.words.isEmpty ? nil : request.words
                return actions + [
                    .post(.redirected(server: "\(target)", text: words)), .work(.prepare(serving, .move)),
                ]
            }
            actions.append(.post(.redirectUnusable))
        }
        if first.rawValue <= Look.request.rawValue, move == nil, let wish {
            self.wish = nil
            let choice = Choice(index: wish, reason: "asked for by hand")
            servers.reserve(wish, for: lane)
            beside = .preparingMove(choice, since: now, isByHand: true)
            return actions + [.work(.prepare(wish, .move))]
        }
        if first.rawValue <= Look.probes.rawValue, servers.servers.count > 1 {
            let due = servers.claimProbes(at: now, chance: draw())
            if !due.isEmpty {
                beside = .probing
                return actions + [.work(.probe(due, patience: Self.probePatience))]
            }
        }
        if move == nil, !isPinned, phase == .publishing, let better = servers.better(lane, at: now) {
            servers.reserve(better.index, for: lane)
            beside = .preparingMove(better, since: now, isByHand: false)
            return actions + [.work(.prepare(better.index, .move))]
        }
        return actions + pauseWatching(servers, at: now)
    }

    private mutating func pauseWatching(_ servers: ServerTable, at now: Duration) -> [Action] {
        beside = .idle
        guard isWatching else { return [] }
        var delay =
            servers.servers.count > 1 ? servers.attentionDelay(at: now) ?? Self.longestPause : Self.idlePause
        if let heldBackDelay = heldBackDelay(at: now) { delay = min(delay, heldBackDelay) }
        return [.work(.lookAgain(after: max(delay, Self.shortestPause)))]
    }

    mutating func dismissUnderstudy(_ servers: inout ServerTable) -> [Action] {
        guard let understudy else { return [] }
        self.understudy = nil
        servers.release(understudy.server)
        return [.drop(.understudy)]
    }

    mutating func dropMove(_ servers: inout ServerTable) -> [Action] {
        guard let move else { return [] }
        self.move = nil
        if !move.replacesSame { servers.release(move.server) }
        return [.drop(.move)]
    }
}
