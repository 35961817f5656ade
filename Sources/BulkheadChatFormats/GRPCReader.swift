/// Messages of gRPC in a stream of bytes, however it is cut: `u8 compressed | u32 length, big-endian | message`.
package struct GRPCReader: Sendable {
    private var bytes: [UInt8] = []
    private let limit: Int

    /// - Parameter limit: how long a message may be, in bytes.
    package init(limit: Int) { self.limit = limit }

    /// A message as it is sent.
    package static func frame(_ message: [UInt8]) -> [UInt8] {
        let length = UInt32(clamping: message.count)
        return [0] + (0..<4).map { UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * $0)) } + message
    }

    /// The messages that end in `new`; broken where what follows them is no message: one that is compressed, which was not
    /// offered, or too long. Nothing can be read behind that.
    package mutating func take(_ new: [UInt8]) -> (messages: [ArraySlice<UInt8>], isBroken: Bool) {
        bytes += new
        var messages: [ArraySlice<UInt8>] = []
        var start = 0
        while bytes.count - start >= 5 {
            let length = bytes[start + 1..<start + 5].reduce(0) { $0 << 8 | Int($1) }
            guard bytes[start] == 0, length <= limit else { return (messages, true) }
            guard bytes.count - start - 5 >= length else { break }
            messages.append(bytes[start + 5..<start + 5 + length])
            start += 5 + length
        }
        bytes.removeFirst(start)
        return (messages, false)
    }
}
