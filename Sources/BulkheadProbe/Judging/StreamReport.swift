/// What a viewer measured, for people and scripts. Times in seconds count from the first access unit.
package struct StreamReport: Codable, Hashable, Sendable {
    package struct Video: Codable, Hashable, Sendable {
        /// `H.264 High 3.1`.
        package var codec: String
        /// Nil where no picture was decoded.
        package var width: Int?
        package var height: Int?
        package var accessUnits: Int
        package var framesPerSecond: Double
        package var bitsPerSecond: Int
        package var keyframes: Int
        /// By timestamps.
        package var shortestKeyframeIntervalSeconds: Double?
        package var longestKeyframeIntervalSeconds: Double?
        /// How often the sequence header became another.
        package var configurationChanges: Int
    }

    package struct Audio: Codable, Hashable, Sendable {
        package var codec: String
        package var packets: Int
        package var bitsPerSecond: Int
        package var configurationChanges: Int
    }

    /// From access unit to access unit, by the time of arrival; in files by timestamps.
    package struct Arrival: Codable, Hashable, Sendable {
        package var longestGap: GapJudge.Gap
        package var medianGapMilliseconds: Double
        /// 99 of 100 gaps are not longer.
        package var usualGapMilliseconds: Double
    }

    package struct Timestamps: Codable, Hashable, Sendable {
        package var backwards: Int
        package var repeated: Int
        package var jumps: Int
        package var longestJumpMilliseconds: Int
    }

    package struct Numbers: Codable, Hashable, Sendable {
        package var numbered: Int
        package var unnumbered: Int
        package var unread: Int
        package var first: Int
        package var last: Int
        package var lost: Int
        /// `120-125` or `130`.
        package var lostRanges: [String]
        package var repeated: Int
        package var disordered: Int
        package var restarts: Int
        package var replayed: Int
    }

    package struct Sync: Codable, Hashable, Sendable {
        /// How much later the sound comes than the picture, in milliseconds.
        package var typicalOffsetMilliseconds: Double
        package var worstOffsetMilliseconds: Double
        package var beeps: Int
    }

    package var seconds: Double
    package var video: Video?
    package var audio: Audio?
    package var arrival: Arrival?
    package var videoTimestamps: Timestamps
    package var audioTimestamps: Timestamps
    /// Nil where no picture had a number.
    package var numbers: Numbers?
    /// Nil where no flash had its beep.
    package var sync: Sync?
    package var reconnects: Int
    package var decoderRestarts: Int
}

extension StreamReport.Timestamps {
    init(_ judge: TimestampJudge) {
        self.init(
            backwards: judge.backwards, repeated: judge.repeated, jumps: judge.jumps,
            longestJumpMilliseconds: Int(clamping: judge.longestJumpMilliseconds))
    }
}

extension StreamReport.Numbers {
    /// Nil where no picture had a number.
    init?(_ judge: NumberJudge) {
        guard let first = judge.first, let last = judge.last else { return nil }
        self.init(
            numbered: judge.numbered, unnumbered: judge.unnumbered, unread: judge.unread, first: Int(first),
            last: Int(last), lost: judge.lost, lostRanges: judge.lostRanges.map(Self.text), repeated: judge.repeated,
            disordered: judge.disordered, restarts: judge.restarts, replayed: judge.replayed)
    }

    package static func text(_ range: ClosedRange<UInt32>) -> String {
        range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }
}
