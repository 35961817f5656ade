package import BulkheadEvents
package import BulkheadProbe

/// What became of one fault.
package struct FaultRecord: Encodable, Hashable, Sendable {
    package var fault: String
    /// The link whose server or path it was done to, or the first.
    package var link = 1
    /// It was done to a server or the path to it, and shows at that link alone.
    package var isServers = false
    /// Whether it was done.
    package var isDone: Bool
    /// What was done, or why nothing was: one lowercase phrase.
    package var action: String
    /// On air, when it was done.
    package var seconds: Double
    /// Where the timeline stood.
    package var frame: Int?
    /// The event that tells of the end of the part.
    package var death: Event?
    /// How long after the fault its successor worked.
    package var backAfterSeconds: Double?
    /// Frames that had to be given again, and so were late; nil where nobody says.
    package var framesLate: Int?
    /// What a part got that was to look for loot; nil for other faults, and where it did not tell.
    package var loot: [String]?
    /// The longest time without a picture at the viewer, while the fault was felt.
    package var longestGapMilliseconds: Double?

    package init(fault: String, isDone: Bool, action: String, seconds: Double, frame: Int? = nil) {
        self.fault = fault
        self.isDone = isDone
        self.action = action
        self.seconds = seconds
        self.frame = frame
    }

    /// The end of what the part had written to its standard error; empty where it wrote nothing.
    package var lastWords: String {
        guard case .child(.died(_, _, _, _, _, _, let words?)) = death?.happening else { return "" }
        return words
    }
}

/// What a drill came to.
package struct DrillReport: Sendable {
    /// Nil unless the faults were drawn at random.
    package var seed: UInt64?
    package var faults: [FaultRecord]
    /// What the viewer of each link measured; one at least.
    package var links: [Link]
    /// The longest gap while no fault was felt, in milliseconds.
    package var undisturbedGapMilliseconds: Double?
    /// What is in the files of the recording; nil for a drill without.
    package var recording: Recording?
    /// Why the broadcast or the drill did not come to its end, or what the recording lacks; nil when all is well.
    package var failure: String?
    package var wallSeconds: Double

    /// What is in the files of a recording.
    package struct Recording: Encodable, Hashable, Sendable {
        package var files: Int
        /// Files on a disk that has failed for good.
        package var unreadable: Int
        /// Up to the last one.
        package var frames: Int64
        /// Frames that are in no file.
        package var missing: [ClosedRange<Int64>]

        package init(files: Int, unreadable: Int, frames: Int64, missing: [ClosedRange<Int64>]) {
            self.files = files
            self.unreadable = unreadable
            self.frames = frames
            self.missing = missing
        }

        /// What it lacks, in words; nil where it has all.
        package var lack: String? {
            guard let first = missing.first else { return nil }
            let count = missing.reduce(0) { $0 + $1.count }
            return "the recording lacks \(count) frames, the first ones \(first.lowerBound) to \(first.upperBound)"
        }

        /// The frames from `first` on that are in none of `runs`, up to the end of all, or to `end` where that is later.
        package static func missing(
            in runs: [Range<Int64>], from first: Int64, to end: Int64
        ) -> [ClosedRange<Int64>] {
            var missing: [ClosedRange<Int64>] = []
            var next = first
            for run in runs.sorted(by: { $0.lowerBound < $1.lowerBound }) {
                if run.lowerBound > next { missing.append(next...run.lowerBound - 1) }
                next = max(next, run.upperBound)
            }
            if next < end { missing.append(next...end - 1) }
            return missing
        }

        private enum CodingKeys: String, CodingKey { case files, unreadable, frames, missing }

        package func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(files, forKey: .files)
            try values.encode(unreadable, forKey: .unreadable)
            try values.encode(frames, forKey: .frames)
            try values.encode(missing.map { [$0.lowerBound, $0.upperBound] }, forKey: .missing)
        }
    }

    /// What came of one link.
    package struct Link: Sendable {
        package var number: Int
        package var verdicts: [Verdict]
        package var measured: StreamReport
        package var connections: Int

        package init(number: Int, verdicts: [Verdict], measured: StreamReport, connections: Int) {
            self.number = number
            self.verdicts = verdicts
            self.measured = measured
            self.connections = connections
        }
    }

    package init(
        seed: UInt64?, faults: [FaultRecord], links: [Link], undisturbedGapMilliseconds: Double?,
        recording: Recording? = nil, failure: String?, wallSeconds: Double
    ) {
        self.seed = seed
        self.faults = faults
        self.links = links
        self.undisturbedGapMilliseconds = undisturbedGapMilliseconds
        self.recording = recording
        self.failure = failure
        self.wallSeconds = wallSeconds
    }

    package var verdicts: [Verdict] { links.flatMap(\.verdicts) }

    package var passed: Bool {
        failure == nil && verdicts.allSatisfy(\.holds) && faults.allSatisfy { $0.isDone && $0.loot?.isEmpty ?? true }
    }
}
