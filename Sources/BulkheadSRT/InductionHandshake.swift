/// The first message of SRT's handshake and its answer (draft-sharabayko-srt, 4.3.1.1): a listener answers it without keeping
/// anything, and no application behind it hears of it.
package enum InductionHandshake {
    /// A header of 16 bytes and a handshake of 48, all integers big-endian.
    package static let byteCount = 64

    /// What a caller sends first.
    /// - Parameter socketID: the caller's own, by which the answer is known.
    package static func request(socketID: UInt32, sequence: UInt32) -> [UInt8] {
        // Control packet 0 (handshake); version 4, "datagram", a first packet's number, the largest packet and window of every
        // tool, and induction (1).
        let words: [UInt32] = [
            0x8000_0000, 0, 0, 0,
            4, 2, sequence & 0x7FFF_FFFF, 1500, 8192, 1, socketID, 0, 0, 0, 0, 0,
        ]
        return words.flatMap { word in (0..<4).map { UInt8(word >> (24 - 8 * UInt32($0)) & 0xFF) } }
    }

    /// Whether `bytes` is a listener's answer to the caller of `socketID`: version 5, induction, and a cookie.
    package static func isAnswer(_ bytes: [UInt8], to socketID: UInt32) -> Bool {
        guard bytes.count >= byteCount else { return false }
        func word(_ index: Int) -> UInt32 { bytes[index * 4..<index * 4 + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        return word(0) == 0x8000_0000 && word(3) == socketID && word(4) == 5 && word(9) == 1 && word(11) != 0
    }
}
