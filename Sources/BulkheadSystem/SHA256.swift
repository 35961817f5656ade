/// The hash of FIPS 180-4, section 6.2, for the digest handshake of RTMP and for the signatures of notices: a dependency of
/// its own would weigh more.
package struct SHA256 {
    /// The length of a hash in bytes.
    package static let byteCount = 32
    private static let blockByteCount = 64

    private static let roundConstants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]

    private var state: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    private var schedule = [UInt32](repeating: 0, count: 64)

    /// The 32 bytes of the hash of `bytes`.
    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var padded = bytes + [0x80]
        padded += [UInt8](repeating: 0, count: (120 - padded.count % blockByteCount) % blockByteCount)
        let bitCount = UInt64(bytes.count) << 3
        padded += (0..<8).map { UInt8(truncatingIfNeeded: bitCount >> (56 - 8 * $0)) }
        var hash = SHA256()
        for start in stride(from: 0, to: padded.count, by: blockByteCount) {
            hash.compress(padded[start..<start + blockByteCount])
        }
        return hash.state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } }
    }

    private mutating func compress(_ block: ArraySlice<UInt8>) {
        for index in 0..<16 {
            let start = block.startIndex + 4 * index
            schedule[index] = block[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
        for index in 16..<64 {
            let (late, early) = (schedule[index - 2], schedule[index - 15])
            let lateMix = late.rotated(17) ^ late.rotated(19) ^ late >> 10
            let earlyMix = early.rotated(7) ^ early.rotated(18) ^ early >> 3
            schedule[index] = lateMix &+ schedule[index - 7] &+ earlyMix &+ schedule[index - 16]
        }
        var word = state
        for index in 0..<64 {
            let mix1 = word[4].rotated(6) ^ word[4].rotated(11) ^ word[4].rotated(25)
            let choice = (word[4] & word[5]) ^ (~word[4] & word[6])
            let sum1 = word[7] &+ mix1 &+ choice &+ Self.roundConstants[index] &+ schedule[index]
            let mix0 = word[0].rotated(2) ^ word[0].rotated(13) ^ word[0].rotated(22)
            let majority = (word[0] & word[1]) ^ (word[0] & word[2]) ^ (word[1] & word[2])
            word = [sum1 &+ mix0 &+ majority, word[0], word[1], word[2], word[3] &+ sum1, word[4], word[5], word[6]]
        }
        for index in 0..<8 { state[index] &+= word[index] }
    }

    /// The keyed hash of RFC 2104.
    package static func authenticationCode(key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
        var block = key.count > blockByteCount ? hash(key) : key
        block += [UInt8](repeating: 0, count: blockByteCount - block.count)
        return hash(block.map { $0 ^ 0x5C } + hash(block.map { $0 ^ 0x36 } + bytes))
    }
}

extension UInt32 {
    fileprivate func rotated(_ count: UInt32) -> UInt32 { self >> count | self << (32 - count) }
}
