import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadRTMPTransport
import BulkheadSystem

/// On air: from the first packet of a connection to how it is left.
extension LinkMachine {
    /// For servers that acknowledge nothing: what was sent so shortly before a break may not have arrived.
    private static let safety = MediaTime(milliseconds: 3000)

    mutating func begin(rewinds: Bool) -> [Action] {
        course = .beginning
        serving = server
        end = nil
        request = nil
        let received = wasOnAir ? acknowledgedDTS ?? sentDTS.map { $0 - Self.safety } : nil
        return [.work(.begin(rewinds: rewinds, received: received))]
    }

    mutating func begun(_ backfill: MediaTime, _ servers: ServerTable, at now: Duration) -> [Action] {
        let gap = brokeAt.map { now - $0 }
        phase = gap == nil ? .publishing : .restored
        begunAt = now
        let isReturn = wasOnAir
        if isReturn { reconnects += 1 }
        wasOnAir = true
        course = .sending
        let name = server.map { servers.servers[$0].name } ?? ""
        var actions: [Action] = [.post(.connected(server: name))]
        if isReturn, let gap {
            let restored = LinkHappening.restored(
                server: name, gapMilliseconds: Int(clamping: gap.nanoseconds / 1_000_000),
                backfillMilliseconds: Int(clamping: backfill.milliseconds))
            actions.append(.post(restored))
        }
        if gap != nil, let server, servers.isRepeating(server) {
            heldBack = actions
            return [.work(.serve)]
        }
        brokeAt = nil
        return actions + [.work(.serve)]
    }

    /// How long until what was held back can be told; nil where nothing is.
    func heldBackDelay(at now: Duration) -> Duration? {
        heldBack.isEmpty ? nil : max(.zero, begunAt + LinkPatience.holdTime - now)
    }

    /// What was held back, if it is time.
    mutating func releaseHeldBack(at now: Duration) -> [Action] {
        guard heldBackDelay(at: now) == .zero else { return [] }
        defer { (heldBack, brokeAt) = ([], nil) }
        return heldBack
    }

    /// Why the connection on air is to be left, once ``mustStop``.
    var departure: Departure {
        if !isAborted, !isPaused, case .failed(let error)? = end { return .broken(error) }
        return .wanted
    }

    mutating func leave(_ departure: Departure) -> [Action] {
        course = .leaving(departure)
        return [.work(.leave(goodbye: departure == .wanted && !isAborted && end == nil))]
    }

    /// In front of an IDR: over to another connection where one waits, or where timestamps come to their end.
    mutating func pass(before time: MediaTime, _ servers: inout ServerTable) -> [Action] {
        if mustStop { return leave(departure) }
        if isNearWall(time), let server {
            origin = time
            course = .passing(Passage(kind: .renewal, server: server, reason: reason))
            // What was made ready counts from the old origin.
            return [.post(.renewed(originSeconds: time.seconds))] + dismissUnderstudy(&servers) + [.work(.drain)]
        }
        guard let move else { return [.work(.serve)] }
        self.move = nil
        course = .passing(
            Passage(
                kind: move.replacesSame ? .same : .other, server: move.server, reason: move.reason,
                isByHand: move.isByHand))
        return [.work(move.replacesSame ? .drain : .publish(.move))]
    }

    mutating func go(
        on passage: Passage, _ event: Event, _ servers: inout ServerTable, at now: Duration
    ) -> [Action] {
        switch (passage.kind, event) {
        case (.renewal, .drained(let isComplete)):
            course = .passing(Passage(passage, isComplete))
            return [.work(.prepare(passage.server, .course))]
        case (.renewal, .prepared(_, nil)): return [.work(.publish(.course))]
        case (.same, .drained(let isComplete)):
            course = .passing(Passage(passage, isComplete))
            return [.work(.publish(.move))]
        case (.other, .drained(let isComplete)): return leave(.moved(rewinds: !isComplete))
        case (.renewal, .published(nil)): return leave(.moved(rewinds: !passage.isComplete))
        case (.same, .published(nil)):
            take(passage.server, passage.reason, in: nil, &servers, at: now)
            return leave(.moved(rewinds: !passage.isComplete))
        case (.other, .published(nil)):
            isPinned = passage.isByHand
            take(passage.server, passage.reason, in: nil, &servers, at: now)
            return [.work(.drain)]
        case (.other, .published(let error?)):
            servers.release(passage.server)
            course = .sending
            guard error != .cancelled else { return [.work(.serve)] }
            _ = servers.probed(passage.server, .failure(error), at: now, chance: draw())
            return [.post(.notMoved(reason: error.asReason)), .work(.serve)]
        case (_, .prepared(_, let error?)), (_, .published(let error?)):
            return leave(isAborted || isPaused ? .wanted : .broken(error))
        default: return []
        }
    }

    mutating func left(
        _ departure: Departure, _ acknowledged: MediaTime?, _ servers: inout ServerTable, at now: Duration
    ) -> [Action] {
        acknowledgedDTS = acknowledged ?? acknowledgedDTS
        let lost = serving
        serving = nil
        heldBack = []
        let actions = dropMove(&servers)
        switch departure {
        case .wanted: return actions + (isEnding ? finish(&servers) : goOn(&servers, at: now))
        case .moved(let rewinds): return actions + begin(rewinds: rewinds)
        case .broken(let error):
            isPinned = false
            guard let lost else { return actions + goOn(after: error, &servers, at: now) }
            let outcome = servers.failed(lost, error, isEnding: isEnding, at: now, chance: draw())
            let explained = servers.explained(error, of: lost)
            if outcome == .giveUp, !isAborted, !isPaused { return actions + fail(explained, &servers) }
            return actions + goOn(after: explained, &servers, at: now)
        }
    }
}
