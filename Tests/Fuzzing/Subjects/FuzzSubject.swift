/// One reader of foreign bytes and the rules that hold for every input, whatever it is.
///
/// `make fuzz` feeds it with inputs that a fuzzer makes up; `FuzzingTests` with the seeds, among which is every input
/// that ever broke a rule.
package struct FuzzSubject: Sendable, CustomStringConvertible {
    /// A folder of `Tests/Fuzzing/Seeds`, and what `BULKHEAD_FUZZ_SUBJECT` names.
    package let name: String
    /// Longer inputs find nothing that shorter ones don't.
    package let maximumByteCount: Int
    /// Throws ``BrokenRule`` when a rule does not hold; what the reader itself throws is an answer like any other.
    package let check: @Sendable ([UInt8]) throws -> Void

    package var description: String { name }

    package static let all: [FuzzSubject] = [
        .amf, .chunks, .handshake, .server, .client, .flv, .wire, .timeline, .cadence, .delivery, .configuration,
        .control, .mp4, .index, .irc, .bridge, .douyu, .websocket,
        .bilibili, .youtube, .stream, .room,
    ]
}

/// A rule that an input broke.
package struct BrokenRule: Error, CustomStringConvertible {
    package let description: String
}

/// States a rule; `phrase` says what is wrong when it does not hold.
func rule(_ holds: Bool, _ phrase: @autoclosure () -> String) throws {
    if !holds { throw BrokenRule(description: phrase()) }
}

/// Numbers that depend on an input alone, so that it does the same each time: SplitMix64 (Steele, Lea, Flood: Fast
/// Splittable Pseudorandom Number Generators, 2014) behind an FNV-1a hash.
struct InputNumbers: RandomNumberGenerator {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    init(_ bytes: [UInt8]) {
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension Array where Element == UInt8 {
    /// These bytes in pieces as a socket might give them: mostly a few bytes each, and each byte once.
    var pieces: [[UInt8]] {
        var numbers = InputNumbers(self)
        var pieces: [[UInt8]] = []
        var start = 0
        while start < count {
            let length = numbers.next() % 4 == 0 ? Int(numbers.next() % 300) : Int(numbers.next() % 5)
            let end = Swift.min(count, start + 1 + length)
            pieces.append(Array(self[start..<end]))
            start = end
        }
        return pieces
    }
}
