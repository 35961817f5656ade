package import BulkheadChildRuntime
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Glibc

/// A notifier's side of the conversation with the master: one thread that waits for the master and for all targets at once.
///
/// It holds nothing that is not in the master's hands as well, and says of each notice what became of it. When its socket
/// ends and nobody has said that this is meant, the master is dead: then it tells that, last, and ends.
package final class NotifierService {
    private let socket: WireSocket
    /// Nil before the addresses are known.
    private var transport: (any NoticeTransport)?
    private let entersCell: Bool
    private let master = getppid()
    private var deliveries: [Delivery] = []
    private var origin = ""
    private var isEndMeant = false

    /// Between two signs of life.
    private static let signInterval = Duration.seconds(1)
    /// How long the targets have once the socket has ended.
    private static let lastPatience = Duration.seconds(20)
    /// The number of the notice of the master's death, which is none of the master's.
    private static let lastNumber = UInt64.max

    /// A notifier that has said hello on `socket`.
    /// - Parameter entersCell: it is a process of its own, and gives up all that its targets do not take.
    package init(_ socket: WireSocket, entersCell: Bool) {
        self.socket = socket
        self.entersCell = entersCell
    }

    /// Serves until the socket ends.
    /// - Throws: always in the end: `WireSocketError.closedByPeer` when all went well.
    package func run() throws {
        do {
            var signDue = MonotonicTime.now
            while true {
                // Messages may have come along with the hello: whoever waited first would wait for the next one.
                while let received = try socket.receive(NotifierRequest.self, timeoutMilliseconds: 0) {
                    try serve(received.message)
                }
                try work { try socket.send($0) }
                let now = MonotonicTime.now
                if signDue <= now {
                    try socket.send(NotifierReply.alive)
                    signDue = now.advanced(by: Self.signInterval)
                }
                let patience = min(patience(at: now), .nanoseconds(max(0, signDue.since(now))))
                if let transport {
                    transport.wait(for: socket.readiness, atMost: patience)
                } else {
                    var entry = pollfd(fd: socket.readiness, events: Int16(POLLIN), revents: 0)
                    _ = poll(&entry, 1, CInt(clamping: patience.nanoseconds / 1_000_000 + 1))
                }
            }
        } catch WireSocketError.closedByPeer where !isEndMeant && !deliveries.isEmpty {
            try tellLast()
            throw WireSocketError.closedByPeer
        }
    }

    private func serve(_ request: NotifierRequest) throws {
        switch request {
        case .configure(let addresses, let origin):
            guard deliveries.isEmpty else { throw NotifierError.configuredTwice }
            guard addresses.allSatisfy({ $0.kind == addresses.first?.kind }) else { throw NotifierError.kindsDiffer }
            self.origin = origin
            try prepare(addresses)
            deliveries = addresses.map { Delivery($0) }
            try socket.send(NotifierReply.ready)
        case .notice(let notice, let targets):
            guard !deliveries.isEmpty else { throw NotifierError.notConfigured }
            for target in targets {
                guard deliveries.indices.contains(Int(target)) else { throw NotifierError.targetUnknown(target) }
                deliveries[Int(target)].add(notice)
            }
        case .forget(let number): for index in deliveries.indices { deliveries[index].forget(number) }
        case .finish: isEndMeant = true
        }
    }

    /// Makes the way to the addresses, in the cell that it takes.
    private func prepare(_ addresses: [NoticeAddress]) throws {
        if entersCell { _ = NotifierCell.enter(for: addresses) }
        switch addresses.first?.kind ?? .http {
        case .http: transport = try HTTPPosts()
        case .command: transport = CommandRuns()
        case .file: transport = try LogFiles()
        }
    }

    /// How long there is nothing to do but to wait for others.
    private func patience(at now: MonotonicTime) -> Duration {
        let due = deliveries.compactMap { $0.due }.min()
        return due.map { .nanoseconds(max(0, $0.since(now))) } ?? .seconds(3600)
    }

    /// Takes the ends of attempts, and begins those that are due.
    private func work(_ answer: (NotifierReply) throws -> Void) throws {
        guard let transport else { return }
        while let (index, attempt) = transport.next() {
            let chance = Double.random(in: 0...1)
            switch deliveries[index].ended(attempt, at: .now, chance: chance) {
            case .settled(let number, let outcome, let text):
                try answer(.settled(number: number, target: UInt8(clamping: index), outcome, text: text))
            case .trouble(let text): try answer(.trouble(target: UInt8(clamping: index), text: text))
            case nil: break
            }
        }
        let now = MonotonicTime.now
        for index in deliveries.indices {
            guard let notice = deliveries[index].next(at: now) else { continue }
            try transport.begin(index, notice, to: deliveries[index].address)
        }
    }

    // MARK: the master's death

    /// Nobody is left who could tell it.
    private func tellLast() throws {
        let body = NoticeBody(
            type: "master.died", seconds: Double(time(nil)), origin: origin,
            text: "master: the process \(master) has died, and the broadcast with it", data: LastWords(pid: Int(master))
        )
        let notice = Notice(number: Self.lastNumber, id: "\(origin)-died", body: JSONLine.encode(body))
        // Where many wait for a target that takes none, this one is the news.
        for index in deliveries.indices { deliveries[index].add(notice) }
        let end = MonotonicTime.now.advanced(by: Self.lastPatience)
        try work { _ in }
        while deliveries.contains(where: { !$0.isEmpty }), case let now = MonotonicTime.now, now < end {
            transport?.wait(for: nil, atMost: min(patience(at: now), .nanoseconds(end.since(now))))
            try work { _ in }
        }
    }

    private struct LastWords: Encodable {
        let level = EventLevel.error
        let pid: Int
    }
}
