/// Something that a viewer noticed.
package struct Observation: Hashable, Sendable {
    /// What was noticed, as a stable word for scripts.
    package enum Kind: String, Hashable, Sendable {
        case connected, disconnected, unpublished, silent, video, audio, gap, lost, repeated, disordered, restarted
        case backwards, jump, sync, decoder, undecodable
    }

    /// What was noticed.
    package var kind: Kind
    /// Nothing is wrong.
    package var isNotice: Bool
    /// Seconds since the first access unit came.
    package var seconds: Double
    /// One lowercase phrase for a person.
    package var message: String
    /// Values by name, such as `frame` or `milliseconds`.
    package var details: [String: String]

    init(_ kind: Kind, at seconds: Double, _ message: String, isNotice: Bool = false, _ details: [String: String] = [:])
    {
        self.kind = kind
        self.isNotice = isNotice
        self.seconds = seconds
        self.message = message
        self.details = details
    }
}

/// What a viewer sees at the moment.
package struct LiveView: Hashable, Sendable {
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
