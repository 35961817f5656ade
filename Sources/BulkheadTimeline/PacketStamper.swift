package import BulkheadMedia

/// Gives committed access units and sound their times: one DTS that rises for the life of the broadcast, whichever
/// encoder they come from.
///
/// Stream time is the timeline's time plus the reordering delay, so that no DTS is negative. An access unit's PTS is its
/// own frame's stream time. With a reorder depth of r, the k-th in decoding order has as its DTS the PTS of the
/// (k - r)-th in display order, which none of them is shown before, even where frame numbers are left out. Without gaps
/// that is the timeline time of the k-th frame.
///
/// The delay stays for the life of the broadcast, whatever encoders with other settings come later: where one reorders
/// deeper than the first did, its first DTS follow one another more closely.
package struct PacketStamper: Sendable {
    private let frameRate: FrameRate
    private var reorderDepth: Int
    private let delay: MediaTime
    /// The last `reorderDepth` frames in display order that are not used up as a DTS.
    private var recent: [FrameNumber] = []
    private var first: FrameNumber?
    private var lastVideoDTS: MediaTime?

    /// Access units whose PTS would have come before their DTS: an encoder reorders deeper than it said.
    package private(set) var faults = 0

    /// - Parameter reorderDepth: by how many frames an access unit may come before one that is shown earlier.
    package init(frameRate: FrameRate, reorderDepth: UInt32) {
        self.frameRate = frameRate
        self.reorderDepth = Int(reorderDepth)
        delay = frameRate.time(of: Int64(reorderDepth))
    }

    /// Prepares for access units of an encoder that reorders by `depth` frames.
    package mutating func reorder(by depth: UInt32) { reorderDepth = Int(depth) }

    /// - Parameter configuration: which stream configuration the unit belongs to.
    package mutating func stamp(_ commitment: CommitLedger.Commitment, configuration: Int = 0) -> Packet {
        let unit = commitment.unit
        var dts = decodingTime(commitment.decodingFrame)
        if let last = lastVideoDTS, dts <= last { dts = last + MediaTime(milliseconds: 1) }
        lastVideoDTS = dts
        var pts = frameRate.time(of: unit.frame) + delay
        if pts < dts {
            faults += 1
            pts = dts
        }
        return Packet(
            kind: .video(isIDR: unit.isIDR, isDisposable: unit.isDisposable), dts: dts, pts: pts, bytes: unit.bytes,
            configuration: configuration)
    }

    /// The DTS of the access unit that is as many places after the first in decoding order as `frame` in display order.
    private mutating func decodingTime(_ frame: FrameNumber) -> MediaTime {
        let first = first ?? frame
        self.first = first
        recent.append(frame)
        // The first few have no PTS that many places before theirs: they count up to it.
        guard recent.count > reorderDepth else { return frameRate.time(of: first + Int64(recent.count - 1)) }
        let frame = recent[recent.count - 1 - reorderDepth]
        recent.removeFirst(recent.count - reorderDepth)
        return frameRate.time(of: frame) + delay
    }

    /// One AAC frame, of block `number`.
    package func stamp(audioBlock number: Int64, bytes: [UInt8]) -> Packet {
        let time = AudioFormat.time(ofBlock: number) + delay
        return Packet(kind: .audio, dts: time, pts: time, bytes: bytes)
    }
}
