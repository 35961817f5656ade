package import BulkheadMedia
package import BulkheadWire
import CBulkheadLinux
import Glibc

/// Faults that a drill has armed in this process, through its environment: none in ordinary life, and then they cost
/// one look at an optional for each frame.
///
/// `BULKHEAD_FAULTS` holds faults with commas between them, each `ROLE:KIND[=MILLISECONDS]@FRAME`, the role as in a
/// program's name: `encoder:trap@300,source:slow=500@120`. A fault is taken by the first process of its role that comes
/// to its frame, so that its successor lives: whoever makes the file of its number in the folder
/// `BULKHEAD_FAULT_CLAIMS` has it. Without that variable every process takes it. With `@FIRST-LAST` only a process that
/// comes to one of these frames does: one that starts beyond them goes free, as it does behind a damaged place.
package struct ArmedFaults: Sendable {
    package enum Kind: Hashable, Sendable {
        /// Stops at a trap, as Swift does at a broken precondition.
        case trap
        /// Ends with exit code 3.
        case exit
        /// Sends bytes that are no message.
        case garbage
        /// Takes 8 MiB more with each frame, up to 256 MiB, and keeps them.
        case leak
        /// Does nothing for so long, once.
        case slow(milliseconds: UInt32)
        /// Sends messages that make sense, without end.
        case flood
        /// Says that it is alive when it is asked, and does nothing any more: what an encoder looks like whose library hangs.
        case freeze
        /// Tries to get what nobody may who has taken it over, tells what it got, and ends with exit code 9.
        case loot

        /// Reads `trap`, `slow=500`; nil for what is no kind.
        package init?(_ text: some StringProtocol) {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            switch (String(parts[0]), parts.count) {
            case ("trap", 1): self = .trap
            case ("exit", 1): self = .exit
            case ("garbage", 1): self = .garbage
            case ("leak", 1): self = .leak
            case ("flood", 1): self = .flood
            case ("freeze", 1): self = .freeze
            case ("loot", 1): self = .loot
            case ("slow", 2):
                guard let milliseconds = UInt32(parts[1]) else { return nil }
                self = .slow(milliseconds: milliseconds)
            default: return nil
            }
        }
    }

    package struct Entry: Hashable, Sendable {
        /// Its place in the list, which is the name of its claim.
        package let number: Int
        package let kind: Kind
        package let frames: ClosedRange<FrameNumber>
    }

    package static let variable = "BULKHEAD_FAULTS"
    package static let claimsVariable = "BULKHEAD_FAULT_CLAIMS"
    private static let leakByteCount = 8 << 20
    private static let leakLimit = 32

    private let role: Role
    private var waiting: [Entry]
    private let claims: String?
    private var leaks = 0
    private var isLeaking = false

    /// The faults for `role` in `text`; nil when there are none. What can't be read is passed over.
    package init?(_ text: String, role: Role, claims: String?) {
        waiting = text.split(separator: ",").enumerated().compactMap { number, word in
            let parts = word.split(separator: "@")
            guard parts.count == 2, let frames = Self.frames(parts[1]) else { return nil }
            let names = parts[0].split(separator: ":", maxSplits: 1)
            guard names.count == 2, "bulkhead-\(names[0])" == role.executableName, let kind = Kind(names[1]) else {
                return nil
            }
            return Entry(number: number, kind: kind, frames: frames)
        }
        guard !waiting.isEmpty else { return nil }
        self.role = role
        self.claims = claims
    }

    private static func frames(_ text: Substring) -> ClosedRange<FrameNumber>? {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { FrameNumber($0) }
        guard let first = ends[0] else { return nil }
        guard ends.count == 2 else { return first...FrameNumber.max }
        guard let last = ends[1], last >= first else { return nil }
        return first...last
    }

    /// What the environment has armed for `role`.
    static func ofEnvironment(for role: Role) -> ArmedFaults? {
        guard let text = getenv(variable).map({ String(cString: $0) }) else { return nil }
        return ArmedFaults(text, role: role, claims: getenv(claimsVariable).map { String(cString: $0) })
    }

    /// The faults that are this process's to take now that it has come to `frame`.
    package mutating func due(at frame: FrameNumber) -> [Kind] {
        let due = waiting.filter { $0.frames.contains(frame) }
        waiting.removeAll { $0.frames.lowerBound <= frame }
        return due.filter(claim).map(\.kind)
    }

    private func claim(_ entry: Entry) -> Bool {
        guard let claims else { return true }
        let descriptor = open("\(claims)/\(entry.number)", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    /// Carries out what is due at `frame`; `descriptor` is the socket to the master.
    /// - Returns: whether it has frozen, which the socket's owner does.
    mutating func reach(_ frame: FrameNumber, socket descriptor: CInt) -> Bool {
        var isFrozen = false
        for kind in due(at: frame) {
            ChildProgram.say("a drill has armed this fault for frame \(frame): \(kind)")
            switch kind {
            case .trap: preconditionFailure("a drill asked for this trap")
            case .exit: _exit(3)
            case .garbage:
                // As a header, this announces more bytes than any message has.
                let bytes = [UInt8](repeating: 0xA5, count: 64)
                _ = bulkhead_send(descriptor, bytes, bytes.count, -1)
            case .leak: isLeaking = true
            case .slow(let milliseconds): usleep(milliseconds.multipliedReportingOverflow(by: 1000).partialValue)
            case .flood: flood(descriptor)
            case .freeze: isFrozen = true
            case .loot:
                ChildProgram.say(Loot.report())
                _exit(9)
            }
        }
        guard isLeaking, leaks < Self.leakLimit, let memory = malloc(Self.leakByteCount) else { return isFrozen }
        memset(memory, 1, Self.leakByteCount)
        leaks += 1
        return isFrozen
    }

    /// Returns when the master reads no more.
    private func flood(_ descriptor: CInt) {
        let message: WireFrame? =
            switch role {
            case .encoder: EncoderReply.alive.frame
            case .source: SourceReply.waiting.frame
            case .pluginHost: PluginReply.log(id: 0, .notice, "a drill asked for this").frame
            case .mixer: MixerReply.composed(frame: .max).frame
            case .notifier: NotifierReply.trouble(target: 0, text: "a drill asked for this").frame
            case .recorder: RecorderReply.ready.frame
            case .chat: ChatReply.gap(connection: 0, from: 0, until: 0).frame
            case .origin: OriginReply.alive(players: .max).frame
            case .srt: SRTReply.waiting(port: 0).frame
            case .decoder, .master: nil
            }
        guard let message else { return }
        let bytes = [[UInt8]](repeating: message.bytes, count: 1000).flatMap { $0 }
        while bulkhead_send(descriptor, bytes, bytes.count, -1) > 0 {}
    }
}
