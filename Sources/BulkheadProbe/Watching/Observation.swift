package import BulkheadEvents
import BulkheadModel

/// Something that a viewer noticed.
package struct Observation: Hashable, Sendable {
    package var happening: ViewerHappening
    /// Seconds since the first access unit came.
    package var seconds: Double

    init(_ happening: ViewerHappening, at seconds: Double) {
        self.happening = happening
        self.seconds = seconds
    }
}

/// What a viewer sees at the moment.
package struct LiveView: Encodable, Hashable, Sendable {
    /// Seconds since the first access unit came.
    package var secondsWatched: Double
    /// Access units a second, over the last two seconds.
    package var framesPerSecond: Double
    /// Payload bits a second, over the last two seconds.
    package var bitsPerSecond: Int
    /// The number in the last picture.
    package var frame: UInt32?
    /// Numbers that never came.
    package var lost: Int
    /// Pictures with a number that had come already.
    package var repeated: Int
    /// Pictures that came after one with a higher number.
    package var disordered: Int
    /// Faults in the timestamps of both tracks.
    package var timestampFaults: Int
    /// The longest time without an access unit.
    package var longestGapMilliseconds: Double
    /// How much later the sound comes than the picture; nil before a beep had its flash.
    package var offsetMilliseconds: Double?
    /// Pictures have numbers, so that losses can be counted.
    package var isNumbered: Bool
    /// How long nothing has come, in seconds.
    package var silentSeconds: Double
}

extension Event {
    /// What a viewer noticed, in the vocabulary of a broadcast's events; `time` counts seconds since 1970.
    package init(_ observation: Observation, time: Double) {
        self.init(.viewer, .viewer(observation.happening), time: time, mediaSeconds: observation.seconds)
    }
}
