package import BulkheadChildren
package import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel
package import BulkheadSystem
import BulkheadTimeline
package import BulkheadWire

/// What the broadcast's own server is given: decides, and carries nothing out.
///
/// The newest GOPs are kept, so that an origin that was replaced is given what its players may still ask for: it then goes on
/// with the same segments under the same numbers. Nobody waits for an origin; one that says nothing is replaced.
package struct OriginMachine: Sendable {
    package enum Event {
        case start
        case configuration(StreamConfiguration, number: Int)
        /// `wallClock` is now, in milliseconds since 1970.
        case packet(Packet, wallClock: Int64)
        case launched(ChildID)
        /// Both sides have said hello.
        case greeted(ChildID)
        case ready(ChildID, port: UInt16)
        case trouble(ChildID, text: String)
        case alive(ChildID, players: UInt32)
        /// A second or so has passed.
        case tick
        case ended(ChildID, String)
        case finish
    }

    package enum Action: Hashable {
        case launch(after: Duration)
        case give(ChildID, OriginRequest)
        case release(ChildID)
        case dismiss(ChildID, String)
        case post(ServerHappening)
        case ready(ChildID)
        /// The child has done its first work after a death.
        case worked(ChildID)
    }

    /// What is kept for an origin to come.
    package struct Limits: Hashable, Sendable {
        package var duration = MediaTime(milliseconds: 16_000)
        package var byteCount = 32 << 20

        package init() {}
    }

    private let address: ListenAddress
    private let limits: Limits
    private var post = Post()
    private var kept = GOPQueue<Packet>()
    private var configurations: [Int: StreamConfiguration] = [:]
    private var newestConfiguration = 0
    /// What the child on air was given last.
    private var given: Int?
    private var timeZero: Int64?
    /// That of the first origin: players find the next one there.
    private var port: UInt16?
    private var signs = SignsOfLife()
    private var problem: String?
    private var isEnding = false
    /// As the origin said last.
    package private(set) var playerCount: UInt32 = 0

    package init(_ address: ListenAddress, limits: Limits = Limits()) {
        self.address = address
        self.limits = limits
    }

    /// Decides what follows from `event`.
    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        switch event {
        case .start: return [.launch(after: .zero)]
        case .configuration(let configuration, let number):
            configurations[number] = configuration
            newestConfiguration = number
            return []
        case .packet(let packet, let wallClock): return take(packet, wallClock)
        case .launched(let child):
            post.assign(.onAir, to: child)
            signs.begin()
            return []
        case .greeted(let child):
            guard post.duty(of: child) == .onAir else { return [] }
            signs.heard(at: now)
            return timeZero == nil ? [] : [open(child)]
        case .ready(let child, let port): return becameReady(child, port, at: now)
        case .trouble(let child, let text):
            guard post.duty(of: child) == .onAir else { return [] }
            signs.heard(at: now)
            defer { problem = text }
            return problem == text ? [] : [.post(.notListening(text: text))]
        case .alive(let child, let players):
            guard post.duty(of: child) == .onAir else { return [] }
            signs.heard(at: now)
            playerCount = players
            return post.isReady(child) && post.worked(child) ? [.worked(child)] : []
        case .tick:
            guard let child = post.holder(of: .onAir), let complaint = signs.complaint(at: now) else { return [] }
            return [.dismiss(child, complaint)]
        case .ended(let child, let end):
            playerCount = 0
            guard case .launch(_, let delay) = post.ended(child, end, at: now), !isEnding else { return [] }
            return [.launch(after: delay)]
        case .finish:
            guard !isEnding else { return [] }
            isEnding = true
            return post.holder(of: .onAir).map { [.give($0, .finish), .release($0)] } ?? []
        }
    }

    // MARK: the child

    private func open(_ child: ChildID) -> Action {
        let port = port ?? UInt16(clamping: address.port)
        return .give(child, .open(host: address.host, port: port, timeZero: timeZero ?? 0))
    }

    private mutating func becameReady(_ child: ChildID, _ port: UInt16, at now: MonotonicTime) -> [Action] {
        guard post.duty(of: child) == .onAir else { return [] }
        guard !post.isReady(child) else { return [.dismiss(child, "it was ready twice")] }
        signs.heard(at: now)
        post.becameReady(child)
        given = nil
        var actions: [Action] = [.ready(child)]
        if self.port != port || problem != nil {
            let host = address.host.contains(":") ? "[\(address.host)]" : address.host
            actions.append(.post(.ready(address: "http://\(host):\(port)/\(Self.path)", port: Int(port))))
        }
        (self.port, problem) = (port, nil)
        for position in kept.start..<kept.end {
            if let entry = kept[position] { actions += give(entry.element, to: child) }
        }
        return actions
    }

    /// The name of the stream.
    package static let path = "live/main"

    // MARK: packets

    private mutating func take(_ packet: Packet, _ wallClock: Int64) -> [Action] {
        var actions: [Action] = []
        if timeZero == nil {
            timeZero = wallClock - packet.dts.milliseconds
            if let child = post.holder(of: .onAir) { actions.append(open(child)) }
        }
        keep(packet)
        guard let child = post.holder(of: .onAir), post.isReady(child) else { return actions }
        return actions + give(packet, to: child)
    }

    private mutating func keep(_ packet: Packet) {
        // What is before the first IDR is of no use to anybody.
        guard packet.isIDR || !kept.isEmpty else { return }
        let kind: GOPKind = packet.isIDR ? .idr : packet.isVideo ? .picture(isDisposable: false) : .sound
        kept.append(packet, kind, byteCount: packet.bytes.count + 128, at: packet.dts)
        while let next = kept.firstIDR(from: kept.start + 1),
            kept.duration(from: next) > limits.duration || kept.byteCount > limits.byteCount
        {
            kept.forget(before: next)
        }
        if kept.byteCount > limits.byteCount { kept.clear() }
        let needed = Set((kept.start..<kept.end).compactMap { kept[$0]?.element }.filter(\.isIDR).map(\.configuration))
        if packet.isIDR {
            configurations = configurations.filter { needed.contains($0.key) || $0.key >= newestConfiguration }
        }
    }

    private mutating func give(_ packet: Packet, to child: ChildID) -> [Action] {
        guard packet.isVideo else { return given == nil ? [] : [.give(child, .sound(packet))] }
        // A player begins with an IDR.
        guard given != nil || packet.isIDR, let configuration = configurations[packet.configuration] else { return [] }
        defer { given = packet.configuration }
        return (given == packet.configuration ? [] : [.give(child, .configure(configuration))])
            + [.give(child, .picture(packet))]
    }

    // MARK: for people

    /// What is remembered of the origins so far.
    package var record: Post.Record { post.record(of: .onAir) }
    /// The origin at work.
    package var holder: ChildID? { post.holder(of: .onAir) }
}
