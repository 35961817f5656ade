import BulkheadEvents
package import BulkheadInputs
package import BulkheadLinks
package import BulkheadMedia
package import BulkheadModel
package import BulkheadOutputs
import BulkheadSystem
package import BulkheadWire

/// All that a broadcast is resumed from, but for what has a file of its own: the room.
///
/// It holds the settings as they are now, with stream keys: they may have come from an environment that is gone.
package struct ResumeRecord: Codable, Hashable, Sendable {
    /// Of the layout of the file; another one is another version's.
    static let currentVersion = 1

    /// How a broadcast ended.
    package enum End: String, Codable, Hashable, Sendable {
        /// By itself: its inputs were at their end, or its time was over.
        case ended
        /// A person wanted it to end.
        case stopped
        /// SIGTERM: whoever runs the service, or the machine, wanted the process to be gone.
        case terminated
        case failed

        /// What ended so is over, and does not go on.
        package var isFinal: Bool { self == .ended || self == .stopped }
    }

    private(set) var version = Self.currentVersion
    package var name: String
    /// The start of the machine in which it ran.
    package var bootID: String
    /// In seconds since 1970.
    package var startedAt: Double
    /// When it was saved last, in seconds since 1970.
    package var savedAt: Double
    /// As they are wanted now, changes on air included.
    package var settings: BroadcastSettings
    /// What its configuration said when it was read last; nil where there is none.
    package var loaded: BroadcastSettings?
    /// Of ``settings``' inputs, in the same order.
    package var inputs: [InputPlace]
    /// Names of inputs that were at their end, and of what can't be read twice.
    package var gone: [String] = []
    /// What was taken last, by its name; nil for what is shown by itself.
    package var shown: String?
    package var prepared: String?
    package var sound = ProgramSoundSettings()
    /// Names of links that a person has paused.
    package var pausedLinks: [String] = []
    /// How far the servers of links have let the stream come, by the links' names; nil where that is not known.
    package var reach: [String: LinkPatience.Reach]?
    package var recordings: [RecordingPlace] = []
    /// Frames that are on no timeline any more, because one has begun anew.
    package var framesBefore: Int64 = 0
    package var place: ResumePlace
    /// Nil for one that was not ended: it is on air, or something has killed it.
    package var end: End?
    /// Why it failed.
    package var failure: String?

    /// Whether there is something to resume.
    package var isResumable: Bool { end?.isFinal != true }

    /// Checks what a file brought.
    /// - Throws: a `BroadcastError` for settings that can't be.
    func check() throws(BroadcastError) {
        try settings.checkRanges()
        try settings.check()
        guard place.isSane, inputs.count == settings.inputs.count,
            (0...ResumePlace.mostFrames).contains(framesBefore),
            inputs.allSatisfy({ (1...ResumePlace.mostInputs).contains($0.id.number) }),
            zip(inputs, inputs.dropFirst()).allSatisfy({ $0.id < $1.id }), sound.isInRange
        else { throw BroadcastError(.file, "a number in it is out of range") }
    }
}

/// How far a broadcast has come. It is noted with each frame, without waiting for the disk: it outlives the process, and not
/// the machine.
package struct ResumePlace: Codable, Hashable, Sendable {
    /// Some years of frames; more is no number of one.
    static let mostFrames: Int64 = 10_000_000_000
    /// More inputs than any broadcast has had.
    static let mostInputs = 1_000_000

    /// The first frame that no destination was given.
    package var frame: FrameNumber
    /// How many pictures were given to destinations.
    package var pictures: Int64
    /// In seconds since 1970.
    package var time: Double
    /// Where inputs go on, by their numbers.
    package var inputs: [String: SourceResume] = [:]
    /// The newest time on the timeline of a stream that is passed on as it is, whose frames have no number, in nanoseconds; nil
    /// for any other.
    package var copiedTo: Int64?

    /// More is no time of ``mostFrames``.
    private static let mostNanoseconds: Int64 = 1_000_000_000_000_000_000

    var isSane: Bool {
        (0...Self.mostFrames).contains(frame) && (0...Self.mostFrames).contains(pictures)
            && copiedTo.map { (0...Self.mostNanoseconds).contains($0) } ?? true
            && (0...1e12).contains(time)
    }
}

extension ResumeRecord {
    /// The start of the machine that it is in; empty where the kernel does not say.
    static var bootID: String {
        (SmallText.of("/proc/sys/kernel/random/boot_id") ?? "").filter { !$0.isWhitespace }
    }
}
