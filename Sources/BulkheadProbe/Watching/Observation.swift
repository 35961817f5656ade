/// Something that a viewer noticed.
package struct Observation: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case connected, disconnected, unpublished, silent, video, audio, gap, lost, repeated, disordered, restarted
        case backwards, jump, decoder, undecodable
    }

    package var kind: Kind
    /// Nothing is wrong.
    package var isNotice: Bool
    /// Seconds since the first access unit came.
    package var seconds: Double
    /// One lowercase phrase for a person.
    package var message: String
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
    package var secondsWatched: Double
    package var framesPerSecond: Double
    package var bitsPerSecond: Int
    /// The number in the last picture.
    package var frame: UInt32?
    package var lost: Int
    package var repeated: Int
    package var disordered: Int
    package var timestampFaults: Int
    package var longestGapMilliseconds: Double
    package var offsetMilliseconds: Double?
    package var isNumbered: Bool
    /// How long nothing has come, in seconds.
    package var silentSeconds: Double
}
