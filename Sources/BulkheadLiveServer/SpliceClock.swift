package import BulkheadRTMP
import NIOCore

/// The timestamps of one stream across its publishers, as players by RTMP and FLV are given them.
///
/// Those of the first publisher stay as they are. One that comes in its place while players wait goes on in their time. If it
/// sends again what has been sent, picture for picture, it is the same broadcast on another way: its timestamps stay, and
/// what players have is not given twice; it comes faster than it lasts. What begins anew with the same pictures, such as a film
/// that is played again, does not catch up, and is another stream. The timestamps of another stream are shifted to where the
/// wall clock stands. A value: the wall clock is passed in.
package struct SpliceClock: Sendable {
    /// What becomes of a message.
    package struct Verdict: Hashable, Sendable {
        package let timestampMilliseconds: UInt32
        /// Players have been given it already.
        package let isKnown: Bool
        /// With this message another stream begins.
        package let isSeam: Bool
        /// By how much later this message and those behind it are than the ones before were said to be, in milliseconds.
        package let shift: Int64

        package init(timestampMilliseconds: UInt32, isKnown: Bool, isSeam: Bool, shift: Int64 = 0) {
            self.timestampMilliseconds = timestampMilliseconds
            self.isKnown = isKnown
            self.isSeam = isSeam
            self.shift = shift
        }
    }

    /// A message by what tells it from others.
    private struct Print: Hashable {
        let type: MessageType
        let timestamp: UInt32
        let byteCount: Int
        let digest: UInt64
    }

    /// Some ten seconds of pictures and sound.
    private static let memory = 1024
    /// A gap may be longer than the wall clock says by so many milliseconds, and is one still.
    private static let slack: Int64 = 10_000
    /// What is known catches up within so many milliseconds, or has begun to, by so many times as fast as it lasts.
    private static let (patience, pace): (Int64, Double) = (500, 1.5)
    /// What is so much behind, in milliseconds, is waited for.
    private static let little: Int64 = 1000
    /// Of how many bytes at either end a message is known again.
    private static let sampleByteCount = 48

    private var offset: UInt32 = 0
    private var newest: (timestamp: UInt32, wallClock: Int64)?
    /// The newest time of each kind that players have.
    private var ends: [MessageType: UInt32] = [:]
    private var prints: [Print] = []
    private var next = 0
    private var isReturning = false
    /// Kinds of which what comes may have been given.
    private var overlaps: Set<MessageType> = []
    /// Where what is known began, and when.
    private var overlapBegan: (timestamp: UInt32, wallClock: Int64)?

    package init() {}

    /// Another stream begins, with times of its own.
    package mutating func publisherCame() { self = SpliceClock() }

    /// A publisher comes in the place of one that has not said goodbye.
    package mutating func publisherReturned() { isReturning = newest != nil }

    /// Judges a message that is no header.
    /// - Parameter wallClock: in milliseconds.
    package mutating func judge(_ message: Message, at wallClock: Int64) -> Verdict {
        let raw = message.timestampMilliseconds
        var isSeam = false
        if isReturning, let newest {
            isReturning = false
            let passed = max(1, min(wallClock - newest.wallClock, 1 << 30))
            let step = Self.distance(from: newest.timestamp, to: raw &+ offset)
            if prints.contains(Self.print(of: message, at: raw &+ offset)) {
                overlaps = Set(ends.keys)
                overlapBegan = (raw &+ offset, wallClock)
            } else {
                isSeam = true
                if step <= 0 || step > passed + Self.slack {
                    offset = newest.timestamp &+ UInt32(truncatingIfNeeded: passed) &- raw
                }
            }
        }
        var timestamp = raw &+ offset
        var shift: Int64 = 0
        if overlaps.contains(message.type), let end = ends[message.type] {
            let lag = Self.distance(from: timestamp, to: end)
            if lag >= 0, let newest, isHopeless(timestamp, lag, at: wallClock) {
                overlaps = []
                isSeam = true
                let passed = max(1, min(wallClock - newest.wallClock, 1 << 30))
                shift = Self.distance(from: timestamp, to: newest.timestamp) + passed
                offset = offset &+ UInt32(truncatingIfNeeded: shift)
                timestamp = raw &+ offset
            } else if lag >= 0 {
                return Verdict(timestampMilliseconds: timestamp, isKnown: true, isSeam: false)
            }
            overlaps.remove(message.type)
        }
        note(message, timestamp, wallClock)
        return Verdict(timestampMilliseconds: timestamp, isKnown: false, isSeam: isSeam, shift: shift)
    }

    /// Whether what is known will not have caught up soon: it lies `lag` milliseconds behind, and comes no faster than it lasts.
    private func isHopeless(_ timestamp: UInt32, _ lag: Int64, at wallClock: Int64) -> Bool {
        guard lag > Self.little, let began = overlapBegan, wallClock - began.wallClock >= Self.patience else {
            return false
        }
        let progress = Self.distance(from: began.timestamp, to: timestamp)
        return Double(progress) < Double(wallClock - began.wallClock) * Self.pace
    }

    /// What a header's timestamp becomes.
    package func timestamp(ofHeader raw: UInt32) -> UInt32 {
        isReturning ? newest?.timestamp ?? raw : raw &+ offset
    }

    private mutating func note(_ message: Message, _ timestamp: UInt32, _ wallClock: Int64) {
        let print = Self.print(of: message, at: timestamp)
        if prints.count < Self.memory { prints.append(print) } else { prints[next] = print }
        next = (next + 1) % Self.memory
        ends[message.type] = timestamp
        if newest.map({ Self.distance(from: $0.timestamp, to: timestamp) > 0 }) ?? true {
            newest = (timestamp, wallClock)
        }
    }

    /// FNV-1a of both ends: it tells pictures apart, and no more hangs on it than a picture that comes twice.
    private static func print(of message: Message, at timestamp: UInt32) -> Print {
        let bytes = message.payload.readableBytesView
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes.prefix(sampleByteCount) { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
        for byte in bytes.suffix(sampleByteCount) { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Print(type: message.type, timestamp: timestamp, byteCount: bytes.count, digest: digest)
    }

    /// Timestamps go round after 49.7 days.
    private static func distance(from start: UInt32, to end: UInt32) -> Int64 { Int64(Int32(bitPattern: end &- start)) }
}
