/// When a target of notices is told, and how much.
package struct NoticeRule: Codable, Hashable, Sendable {
    /// So many notices at once, and so many in this time on average.
    package struct Rate: Codable, Hashable, Sendable {
        package let count: Int
        package let seconds: Double

        package init(count: Int, seconds: Double) {
            self.count = count
            self.seconds = seconds
        }
    }

    /// A time of the day of this machine.
    package struct TimeOfDay: Codable, Hashable, Sendable {
        /// Since midnight, 0 to 1439.
        package let minutes: Int

        package init(minutes: Int) { self.minutes = minutes }

        /// As people write it: `08:00`.
        package var text: String {
            func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
            return "\(two(minutes / 60)):\(two(minutes % 60))"
        }

        /// Reads `08:00`; nil for what is no time of the day.
        package init?(_ text: String) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2,
                parts.allSatisfy({ (1...2).contains($0.count) && $0.allSatisfy({ ("0"..."9").contains($0) }) }),
                let hours = UInt8(parts[0]), let minutes = UInt8(parts[1]), hours < 24, minutes < 60,
                parts[1].count == 2
            else { return nil }
            self.minutes = Int(hours) * 60 + Int(minutes)
        }
    }

    /// A trouble is told only once it has lasted so long; nil for at once. What is over before is not told.
    package var holdSeconds: Double?
    /// While a trouble lasts, it is told again so often; nil for once.
    package var repeatSeconds: Double?
    /// What is beyond is left out, and counted; nil for no limit but that of all targets.
    package var rate: Rate?
    /// When a summary of the day is told; nil for none.
    package var summary: TimeOfDay?
    /// How long a command may run; nil for 30 seconds.
    package var limitSeconds: Double?
    /// From which size on a file is put aside, in bytes; nil for 10 MB.
    package var fileByteCount: Int64?
    /// How many files that were put aside are kept; nil for 5.
    package var keptFiles: Int?

    package init() {}

    /// A day and more is no trouble's patience; what is shorter than a second can't be kept.
    package static let spans: ClosedRange<Double> = 1...604_800
    /// How long a command may run.
    package static let limits: ClosedRange<Double> = 1...600
    /// The size of a file of events.
    package static let fileByteCounts: ClosedRange<Int64> = 4096...(1 << 40)
    /// How many files that were put aside are kept.
    package static let keptFileCounts = 0...999
    /// How many notices a rate may have.
    package static let rateCounts = 1...10_000

    /// What holds where nothing else is said.
    package static let standard = (limitSeconds: 30.0, fileByteCount: Int64(10_000_000), keptFiles: 5)

    /// Whether all of it can be counted with.
    package var isInRange: Bool {
        [holdSeconds, repeatSeconds, rate?.seconds].allSatisfy { $0.map(Self.spans.contains) ?? true }
            && rate.map { Self.rateCounts.contains($0.count) } ?? true
            && summary.map { (0..<1440).contains($0.minutes) } ?? true
            && limitSeconds.map(Self.limits.contains) ?? true
            && fileByteCount.map(Self.fileByteCounts.contains) ?? true
            && keptFiles.map(Self.keptFileCounts.contains) ?? true
    }
}
