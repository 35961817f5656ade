package import BulkheadMedia

/// Gives committed access units and sound their times: one DTS that rises for the life of the broadcast, whichever
/// encoder they come from.
///
/// Stream time is the timeline's time plus the reordering delay, so that no DTS is negative. The k-th access unit in
/// decoding order has the timeline time of the k-th frame as its DTS; its PTS is its own frame's stream time.
package struct PacketStamper: Sendable {
    private let frameRate: FrameRate
    private let delay: MediaTime
    private var lastVideoDTS: MediaTime?

    /// Access units whose PTS would have come before their DTS: an encoder reorders deeper than it said.
    package private(set) var faults = 0

    /// - Parameter reorderDepth: by how many frames an access unit may come before one that is shown earlier.
    package init(frameRate: FrameRate, reorderDepth: UInt32) {
        self.frameRate = frameRate
        delay = frameRate.time(of: Int64(reorderDepth))
    }

    package mutating func stamp(_ commitment: CommitLedger.Commitment) -> Packet {
        let unit = commitment.unit
        var dts = frameRate.time(of: commitment.decodingFrame)
        if let last = lastVideoDTS, dts <= last { dts = last + MediaTime(milliseconds: 1) }
        lastVideoDTS = dts
        var pts = frameRate.time(of: unit.frame) + delay
        if pts < dts {
            faults += 1
            pts = dts
        }
        return Packet(
            kind: .video(isIDR: unit.isIDR, isDisposable: unit.isDisposable), dts: dts, pts: pts, bytes: unit.bytes)
    }

    /// One AAC frame, of block `number`.
    package func stamp(audioBlock number: Int64, bytes: [UInt8]) -> Packet {
        let time = AudioFormat.time(ofBlock: number) + delay
        return Packet(kind: .audio, dts: time, pts: time, bytes: bytes)
    }
}
