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
        /// Something of the live room is new.
        case news(RoomNews)
        /// The certificate's files hold these bytes now.
        case certificate(chain: [UInt8], key: [UInt8])
        /// The child has read the certificate, or can't use it.
        case certified(ChildID, problem: String?)
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
    private var room = OriginRoom()
    private var certificate: OriginRequest?
    /// Why the last origin could not use it; nil where it could.
    private var verdict: String?
    /// It has taken the place of another, and no origin has said anything of it.
    private var isRenewed = false
    private var signs = SignsOfLife()
    private var problem: String?
    /// The child on air has said hello, and has been told where to listen.
    private var (isGreeted, isOpened) = (false, false)
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
            isGreeted = true
            return timeZero == nil || isOpened ? [] : opening(child)
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
        case .news(let news):
            guard let request = room.take(news), let child = post.holder(of: .onAir), post.isReady(child) else {
                return []
            }
            return [.give(child, request)]
        case .certificate(let chain, let key):
            let request = OriginRequest.certificate(chain: chain, key: key)
            guard request != certificate else { return [] }
            isRenewed = certificate != nil
            certificate = request
            guard let child = post.holder(of: .onAir), isOpened else { return [] }
            return [.give(child, request)]
        case .certified(let child, let problem):
            guard post.duty(of: child) == .onAir else { return [] }
            signs.heard(at: now)
            defer { (verdict, isRenewed) = (problem, false) }
            // That the next origin has read it as well is no news.
            if let problem {
                return verdict == problem && !isRenewed ? [] : [.post(.certificateUnusable(text: problem))]
            }
            return isRenewed ? [.post(.certificateRead)] : []
        case .tick:
            guard let child = post.holder(of: .onAir), let complaint = signs.complaint(at: now) else { return [] }
            return [.dismiss(child, complaint)]
        case .ended(let child, let end):
            playerCount = 0
            (isGreeted, isOpened) = (false, false)
            guard !isEnding else {
                // Its work was done: that is no death, and nobody follows.
                post.forget(child)
                post.set(.ended, of: .onAir)
                return []
            }
            guard case .launch(_, let delay) = post.ended(child, end, at: now) else { return [] }
            return [.launch(after: delay)]
        case .finish:
            guard !isEnding else { return [] }
            isEnding = true
            return post.holder(of: .onAir).map { [.give($0, .finish), .release($0)] } ?? []
        }
    }

    // MARK: the child

    private mutating func opening(_ child: ChildID) -> [Action] {
        isOpened = true
        let port = port ?? UInt16(clamping: address.port)
        let open = OriginRequest.open(host: address.host, port: port, timeZero: timeZero ?? 0)
        return [certificate, open].compactMap { $0 }.map { .give(child, $0) }
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
            // The origin has said what it thinks of a certificate before it listens.
            let scheme = certificate != nil && verdict == nil ? "https" : "http"
            actions.append(.post(.ready(address: "\(scheme)://\(host):\(port)/\(Self.path)", port: Int(port))))
        }
        (self.port, problem) = (port, nil)
        for position in kept.start..<kept.end {
            if let entry = kept[position] { actions += give(entry.element, to: child) }
        }
        for request in room.all { actions.append(.give(child, request)) }
        return actions
    }

    /// The name of the stream.
    package static let path = "live/main"

    // MARK: packets

    private mutating func take(_ packet: Packet, _ wallClock: Int64) -> [Action] {
        var actions: [Action] = []
        if timeZero == nil {
            timeZero = wallClock - packet.dts.milliseconds
            // One that has not said hello is opened when it does.
            if isGreeted, let child = post.holder(of: .onAir) { actions += opening(child) }
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
