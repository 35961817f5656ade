import BulkheadMedia
package import BulkheadModel
import BulkheadSystem

/// One death of a child, and what came of it.
package struct DeathRecord: Codable, Hashable, Sendable {
    /// Seconds since 1970, for people.
    package var time: Double
    /// Where the timeline stood, in seconds; nil before it started.
    package var mediaSeconds: Double?
    /// The child, with its duty.
    package var part: Part
    /// The process that died.
    package var pid: Int32
    /// A signal's name, an exit code, or the deadline it missed.
    package var cause: String
    /// The first frame that it owed; nil where it owed none.
    package var frame: Int64?
    /// From the last that was heard of it to the moment its end was seen, in milliseconds: no longer than this took.
    package var detectedWithinMilliseconds: Double
    /// From there to the first that its successor gave, in milliseconds; nil while there is none.
    package var recoveredAfterMilliseconds: Double?
    /// Frames that had to be given again, and so were late.
    package var framesLate: Int
    /// What it had written to its standard error, at most the last 4 KiB; a backtrace where there is one.
    package var standardError: String
    /// The plugin that brought its host down; nil for other parts, and where none was in a call.
    package var plugin: String?

    /// A record of one death; what the successor does is filled in later.
    package init(
        time: Double, mediaSeconds: Double? = nil, part: Part, pid: Int32, cause: String, frame: Int64? = nil,
        detectedWithinMilliseconds: Double, recoveredAfterMilliseconds: Double? = nil, framesLate: Int,
        standardError: String, plugin: String? = nil
    ) {
        self.time = time
        self.mediaSeconds = mediaSeconds
        self.part = part
        self.pid = pid
        self.cause = cause
        self.frame = frame
        self.detectedWithinMilliseconds = detectedWithinMilliseconds
        self.recoveredAfterMilliseconds = recoveredAfterMilliseconds
        self.framesLate = framesLate
        self.standardError = standardError
        self.plugin = plugin
    }
}
