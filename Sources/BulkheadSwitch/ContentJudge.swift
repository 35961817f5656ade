package import BulkheadSystem

/// Judges whether pictures are black or frozen, and sound silent or clipped, by samples of them.
///
/// A picture is given as a grid of its luma, a few times a second; sound as what the loudest of it is. It has no clock: time
/// is passed in, and may be that of a timeline.
package struct ContentJudge: Sendable {
    /// Luma up to here is black, as ffmpeg's blackdetect has it: a tenth of the range above 16.
    package static let blackest: UInt8 = 38
    /// Of a black picture, so many of a thousand samples are black at least.
    package static let blackShare = 980
    /// A sample that differs by more than this is another one: less is what an encoder makes of the same picture.
    package static let stillness: UInt8 = 10
    /// In a picture that stands, so many samples of the grid may differ: a speck of noise.
    package static let mostChanged = 2
    /// Sound whose peak is below this is silent: -60 dB of full scale.
    package static let silence: Float = 0.001
    /// A sample from here on is at its limit.
    package static let clip: Float = 0.999
    /// So many of them in one piece of sound make it clipped.
    package static let leastClipped = 4
    /// Sound that was clipped so lately still counts as clipped: peaks come one after the other.
    private static let clipMemory: Int64 = 1_000_000_000

    private var blackSince: MonotonicTime?
    /// The picture that has stood since then.
    private var standing: (sample: [UInt8], since: MonotonicTime)?
    private var silentSince: MonotonicTime?
    private var clipped: (since: MonotonicTime, last: MonotonicTime)?
    private var hasPicture = false
    private var hasSound = false

    package init() {}

    /// Another picture is seen; `sample` is empty where it could not be looked at.
    package mutating func take(luma sample: [UInt8], at time: MonotonicTime) {
        guard !sample.isEmpty else { return }
        hasPicture = true
        if Self.isBlack(sample) { blackSince = blackSince ?? time } else { blackSince = nil }
        guard let standing, Self.isSame(standing.sample, sample) else { return standing = (sample, time) }
    }

    /// Sound is heard that begins at `time`.
    package mutating func take(sound samples: [Float], at time: MonotonicTime) {
        guard !samples.isEmpty else { return }
        hasSound = true
        var (peak, atLimit) = (Float(0), 0)
        for sample in samples {
            let level = abs(sample)
            // What is no number is no silence either.
            if !(level <= peak) { peak = level }
            if level >= Self.clip { atLimit += 1 }
        }
        if peak < Self.silence { silentSince = silentSince ?? time } else { silentSince = nil }
        if atLimit >= Self.leastClipped {
            clipped = (clipped?.since ?? time, time)
        } else if let last = clipped?.last, time.since(last) > Self.clipMemory {
            clipped = nil
        }
    }

    /// What was seen before counts no more.
    package mutating func forget() { self = ContentJudge() }

    // MARK: how long

    /// For how long the picture has been black, in seconds; 0 for not, nil before the first one.
    package func black(at time: MonotonicTime) -> Double? { hasPicture ? Self.seconds(blackSince, time) : nil }

    /// For how long the same picture has been shown, in seconds; nil before the first one.
    package func frozen(at time: MonotonicTime) -> Double? { hasPicture ? Self.seconds(standing?.since, time) : nil }

    /// For how long there has been no sound, in seconds; 0 for not, nil before the first of it.
    package func silent(at time: MonotonicTime) -> Double? { hasSound ? Self.seconds(silentSince, time) : nil }

    /// For how long the sound has been clipped, in seconds; 0 for not, nil before the first of it.
    package func clipped(at time: MonotonicTime) -> Double? { hasSound ? Self.seconds(clipped?.since, time) : nil }

    /// Writes what is known of picture and sound into `report`.
    package func fill(_ report: inout WayReport, at time: MonotonicTime) {
        report.blackSeconds = black(at: time)
        report.frozenSeconds = frozen(at: time)
        report.silentSeconds = silent(at: time)
        report.clippedSeconds = clipped(at: time)
    }

    private static func seconds(_ since: MonotonicTime?, _ time: MonotonicTime) -> Double {
        since.map { Double(max(0, time.since($0))) / 1e9 } ?? 0
    }

    private static func isBlack(_ sample: [UInt8]) -> Bool {
        var black = 0
        for luma in sample where luma <= blackest { black += 1 }
        return black * 1000 >= sample.count * blackShare
    }

    private static func isSame(_ old: [UInt8], _ new: [UInt8]) -> Bool {
        guard old.count == new.count else { return false }
        var changed = 0
        for index in old.indices where max(old[index], new[index]) - min(old[index], new[index]) > stillness {
            changed += 1
            if changed > mostChanged { return false }
        }
        return true
    }
}
