package import BulkheadMedia
package import BulkheadSystem

/// Says when packets of a live input, which are put off, go to the master together.
///
/// The master sends a picture when sound has come up to the picture's time, and sound when a picture has: what comes before that would
/// only wake it. So a picture takes the sound along that belongs to it, and nobody waits longer for a picture than without that.
package struct CopyBatch: Sendable {
    /// Of the oldest that waits.
    private var since: MonotonicTime?
    /// The DTS of the first picture that waits.
    private var picture: MediaTime?
    /// Of all pictures that have come.
    private var newestPicture: MediaTime?
    /// Of all sound that has come.
    private var newestSound: MediaTime?

    /// How long something waits at most, in nanoseconds, as long as more comes.
    package static let patience: Int64 = 40_000_000

    package init() {}

    /// Notes a packet.
    /// - Parameter hasSound: the input has sound.
    /// - Returns: whether all that waits is to be sent now.
    package mutating func add(_ packet: CopiedPacket, hasSound: Bool, at now: MonotonicTime) -> Bool {
        since = since ?? now
        if packet.isVideo {
            picture = picture ?? packet.dts
            newestPicture = packet.dts
        } else {
            newestSound = packet.dts
        }
        if let picture, !hasSound || newestSound.map({ $0 >= picture }) ?? false { return true }
        return isLate(at: now)
    }

    /// Whether no picture waits for its sound.
    package func isWhole(hasSound: Bool) -> Bool {
        guard hasSound, let newestPicture else { return true }
        return newestSound.map { $0 >= newestPicture } ?? false
    }

    /// Whether something has waited for too long.
    package func isLate(at now: MonotonicTime) -> Bool { since.map { now.since($0) >= Self.patience } ?? false }

    /// All that waited is sent.
    package mutating func clear() { (since, picture) = (nil, nil) }
}
