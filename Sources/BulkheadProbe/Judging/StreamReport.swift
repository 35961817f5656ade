/// What a viewer measured, for people and scripts. Times in seconds count from the first access unit.
package struct StreamReport: Codable, Hashable, Sendable {
    /// What was measured of the pictures.
    package struct Video: Codable, Hashable, Sendable {
        /// `H.264 High 3.1`.
        package var codec: String
        /// Nil where no picture was decoded.
        package var width: Int?
        /// In rows; nil where no picture was decoded.
        package var height: Int?
        /// Access units that came.
        package var accessUnits: Int
        /// Access units a second, by timestamps.
        package var framesPerSecond: Double
        /// Payload bits a second, by timestamps.
        package var bitsPerSecond: Int
        /// IDR access units that came.
        package var keyframes: Int
        /// By timestamps.
        package var shortestKeyframeIntervalSeconds: Double?
        /// The longest time from keyframe to keyframe, by timestamps.
        package var longestKeyframeIntervalSeconds: Double?
        /// How often the sequence header became another.
        package var configurationChanges: Int
    }

    /// What was measured of the sound.
    package struct Audio: Codable, Hashable, Sendable {
        /// The codec for people, such as `AAC-LC 48000 Hz stereo`.
        package var codec: String
        /// Audio packets that came.
        package var packets: Int
        /// Payload bits a second, by timestamps.
        package var bitsPerSecond: Int
        /// How often the sequence header became another.
        package var configurationChanges: Int
    }

    /// From access unit to access unit, by the time of arrival; in files by timestamps.
    package struct Arrival: Codable, Hashable, Sendable {
        /// The longest time without an access unit.
        package var longestGap: GapJudge.Gap
        /// Half of the gaps are not longer.
        package var medianGapMilliseconds: Double
        /// 99 of 100 gaps are not longer.
        package var usualGapMilliseconds: Double
    }

    /// Faults in the decoding timestamps of one track.
    package struct Timestamps: Codable, Hashable, Sendable {
        /// Timestamps earlier than the one before.
        package var backwards: Int
        /// Timestamps equal to the one before.
        package var repeated: Int
        /// Timestamps later than the one before by more than three usual steps and 100 ms.
        package var jumps: Int
        /// The longest jump in milliseconds.
        package var longestJumpMilliseconds: Int
    }

    /// What became of the numbers in the pictures of the input `test`.
    package struct Numbers: Codable, Hashable, Sendable {
        /// Pictures whose number was read.
        package var numbered: Int
        /// Pictures without a readable number.
        package var unnumbered: Int
        /// Pictures that could not be looked at.
        package var unread: Int
        /// The first number that was read.
        package var first: Int
        /// The last number that was read.
        package var last: Int
        /// Numbers that never came.
        package var lost: Int
        /// Numbers that never came, and may have been those of pictures without a readable one.
        package var unmeasured: Int
        /// `120-125` or `130`.
        package var lostRanges: [String]
        /// Pictures with a number that had come already.
        package var repeated: Int
        /// Pictures that came after one with a higher number.
        package var disordered: Int
        /// How often the numbers began anew.
        package var restarts: Int
        /// Pictures sent again after a new connection.
        package var replayed: Int
    }

    /// What became of the numbers of one input that was shown beside others.
    package struct InputNumbers: Codable, Hashable, Sendable {
        /// Frames in which the input should have been seen.
        package var shown: Int
        /// Of these, frames in which no number could be read in its place.
        package var unread: Int
        /// How fast its numbers rise.
        package var numbersPerFrame: Double
        /// Numbers that should have been seen, by the rate of the input, and were not.
        package var lost = 0
        /// `120-125` or `130`: between these some were lost.
        package var lostRanges: [String] = []
        /// Frames that showed a number again, more often than its rate has it.
        package var repeated = 0
        /// Numbers lower than the one before.
        package var disordered = 0

        package init(shown: Int, unread: Int, numbersPerFrame: Double) {
            self.shown = shown
            self.unread = unread
            self.numbersPerFrame = numbersPerFrame
        }
    }

    /// How sound and picture lie to each other, by flashes and beeps.
    package struct Sync: Codable, Hashable, Sendable {
        /// How much later the sound comes than the picture, in milliseconds.
        package var typicalOffsetMilliseconds: Double
        /// The offset furthest from 0, in milliseconds; positive where the sound is late.
        package var worstOffsetMilliseconds: Double
        /// Beeps that had a flash.
        package var beeps: Int
    }

    /// What became of the numbered lines of a chat.
    package struct Comments: Codable, Hashable, Sendable {
        package var said: Int
        package var lost = 0
        /// `120-125` or `130`.
        package var lostRanges: [String] = []
        /// Lines that are there more than once.
        package var twice: Int

        package init(said: Int, twice: Int = 0) {
            self.said = said
            self.twice = twice
        }
    }

    /// How long was watched; in a file, how long it lasts.
    package var seconds: Double
    /// The pictures; nil where none came.
    package var video: Video?
    /// The sound; nil where none came.
    package var audio: Audio?
    /// The gaps; nil before the second access unit.
    package var arrival: Arrival?
    /// Faults in the pictures' timestamps.
    package var videoTimestamps: Timestamps
    /// Faults in the sound's timestamps.
    package var audioTimestamps: Timestamps
    /// Nil where no picture had a number.
    package var numbers: Numbers?
    /// Nil where no flash had its beep.
    package var sync: Sync?
    /// The inputs that scenes showed, in their order; nil where they were not looked at.
    package var inputs: [InputNumbers]? = nil
    /// Frames of the timeline that never came, by the times of those that did; nil where they were not looked at.
    package var missing: Int? = nil
    /// Of a drill with a chat: what the room's log has of its lines; nil elsewhere.
    package var comments: Comments? = nil
    /// How often the viewer connected anew.
    package var reconnects: Int
    /// How often the viewer's decoder was replaced.
    package var decoderRestarts: Int
}

extension StreamReport {
    /// The numbers, where what is missing among them was missed: nil where most pictures have none, because a plugin covers
    /// it. The few that show are far apart.
    package var countableNumbers: Numbers? { numbers.flatMap { $0.unnumbered > $0.numbered ? nil : $0 } }
}

extension StreamReport {
    /// The inputs of scenes, where the numbers of each could be read in most of its frames; nil where they could not.
    package var countableInputs: [InputNumbers]? {
        inputs.flatMap { $0.allSatisfy { $0.shown > 0 && $0.unread * 4 < $0.shown } ? $0 : nil }
    }
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
            last: Int(last), lost: judge.lost, unmeasured: judge.unmeasured,
            lostRanges: judge.lostRanges.map(Self.text), repeated: judge.repeated,
            disordered: judge.disordered, restarts: judge.restarts, replayed: judge.replayed)
    }

    /// A range of numbers as `120-125`, a single one as `130`.
    package static func text(_ range: ClosedRange<UInt32>) -> String {
        range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }
}
