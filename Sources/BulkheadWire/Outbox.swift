import CBulkheadLinux

/// Messages that wait for their socket, one behind the other, and the descriptors that go with some of them.
struct Outbox {
    private var bytes: [UInt8] = []
    /// What has been sent of `bytes`.
    private var sentCount = 0
    /// The first byte of a message, and the descriptor that goes with it and is closed once that byte is sent.
    private var passed: [(index: Int, descriptor: CInt)] = []
    /// Beyond it, room that a rare long message has taken is given back.
    private static let keptByteCount = 1 << 20

    var isEmpty: Bool { sentCount == bytes.count }

    var byteCount: Int { bytes.count - sentCount }

    /// Adds a message; takes over `descriptor`, unless it is negative.
    mutating func append(_ message: [UInt8], descriptor: CInt) {
        if descriptor >= 0 { passed.append((bytes.count, descriptor)) }
        bytes.append(contentsOf: message)
    }

    /// Gives `body` the bytes that can be sent in one call, and the descriptor that goes with the first of them or -1.
    func withFirst<Result>(_ body: (UnsafeRawBufferPointer, _ descriptor: CInt) -> Result) -> Result {
        let descriptor = passed.first.map { $0.index == sentCount ? $0.descriptor : -1 } ?? -1
        let end = passed.first { $0.index > sentCount }?.index ?? bytes.count
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[sentCount..<end]), descriptor) }
    }

    /// Notes that `count` of the bytes that ``withFirst(_:)`` gave have been sent.
    mutating func removeFirst(_ count: Int) {
        if count > 0, let first = passed.first, first.index == sentCount {
            _ = bulkhead_close(first.descriptor)
            passed.removeFirst()
        }
        sentCount += count
        if isEmpty {
            bytes.removeAll(keepingCapacity: bytes.count <= Self.keptByteCount)
            sentCount = 0
        } else if sentCount > Self.keptByteCount {
            bytes.removeFirst(sentCount)
            for index in passed.indices { passed[index].index -= sentCount }
            sentCount = 0
        }
    }

    /// Throws everything away.
    mutating func discard() {
        for (_, descriptor) in passed { _ = bulkhead_close(descriptor) }
        self = Outbox()
    }
}
