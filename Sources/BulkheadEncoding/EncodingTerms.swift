package import BulkheadChildren
package import BulkheadMedia
package import BulkheadModel
import BulkheadWire

/// The settings of the encoding: what a person wants, and what deaths, twins that differ and congestion have made of it.
package struct EncodingTerms: Sendable {
    /// Pairs that may differ before lockstep is given up.
    package static let mostDifferences = 3

    /// Only a request changes it.
    package private(set) var wanted: WantedEncoding
    /// Whether safe settings are in force, and what is done about the next death.
    package var ladder = EncoderLadder()
    /// Pairs in lockstep that differed.
    private var differences = 0
    /// What the links carry; nil before the first look at them.
    private var carriedBitsPerSecond: UInt32?

    /// Settings to which nothing has happened yet.
    package init(_ wanted: WantedEncoding) { self.wanted = wanted }

    // MARK: what is in force

    /// What stands by. Twins that have differed too often leave a standby that waits instead.
    package var standby: StandbyChoice {
        wanted.standby == .hot && differences >= Self.mostDifferences ? .warm : wanted.standby
    }

    /// What encoders are opened with: as a person wants it, or safe where that has failed.
    package var settings: EncodingSettings { ladder.isSafe ? wanted.safeEncoderSettings : settings(for: wanted) }

    /// The same for pictures of another size.
    package func settings(of canvas: Canvas) -> EncodingSettings {
        var settings = settings
        settings.video.canvas = canvas
        return settings
    }

    /// What the encoder of a change to `wanted` is opened with.
    package func settings(for wanted: WantedEncoding) -> EncodingSettings {
        wanted.encoderSettings(isInLockstep: standby == .hot)
    }

    /// Bits a second of pictures that encoders are told.
    package var bitsPerSecond: UInt32 { carriedBitsPerSecond ?? wanted.videoBitsPerSecond }

    // MARK: what happens to it

    /// A change is in effect: what was safe has had its time.
    package mutating func adopt(_ wanted: WantedEncoding) {
        self.wanted = wanted
        ladder.leaveSafety()
    }

    /// What is set by hand is tried as it is, whatever the links could carry before.
    package mutating func want(bitsPerSecond: UInt32) {
        wanted.videoBitsPerSecond = bitsPerSecond
        carriedBitsPerSecond = nil
    }

    /// The links carry so many bits a second of pictures.
    package mutating func carry(bitsPerSecond: UInt32) { carriedBitsPerSecond = bitsPerSecond }

    /// A pair in lockstep has differed.
    /// - Returns: lockstep is given up from now on: the fault is none of a machine's memory, but of the settings.
    package mutating func twinsDiffered() -> Bool {
        differences += 1
        return differences == Self.mostDifferences
    }
}
