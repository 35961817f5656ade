package import BulkheadSystem

/// How much is still heard of a child that has ended: what its socket held then, and no more.
///
/// A process that the child has started in a session of its own may have kept the socket, and write to it for ever: the
/// end of this is not in its hand.
package struct Drain: Sendable {
    /// More than a socket holds that nothing has enlarged, in bytes: 208 KiB in either direction, as socket(7) says.
    package static let mostBytes = 1 << 20
    /// More messages than a child at work has on their way.
    package static let mostMessages = 8192
    /// A master that has fallen behind takes what it gets in this time.
    package static let patience = Duration.milliseconds(100)
    /// What is read at once.
    private static let stepByteCount = 1 << 16

    private let start: MonotonicTime
    private var bytesLeft = mostBytes
    private var messagesLeft = mostMessages

    package init(at now: MonotonicTime) { start = now }

    /// What may be read next, in bytes; nil when nothing more is heard.
    package func allowance(at now: MonotonicTime) -> Int? {
        guard bytesLeft > 0, messagesLeft > 0, now.since(start) < Self.patience.nanoseconds else { return nil }
        return min(bytesLeft, Self.stepByteCount)
    }

    /// Notes what has been read.
    package mutating func note(byteCount: Int, messageCount: Int) {
        bytesLeft -= byteCount
        messagesLeft -= messageCount
    }
}
