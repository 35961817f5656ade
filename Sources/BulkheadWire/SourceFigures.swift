/// What a source has counted of a live input, since its process opened it.
package struct SourceFigures: Hashable, Sendable {
    /// Bytes of the packets that were read, of picture and sound.
    package var byteCount: UInt64
    /// What could not be decoded, or never came: packets that were damaged, and those that a connection by SRT has lost for good.
    package var dropCount: UInt64
    /// How far the last two keyframes were apart, or the newest picture is behind the last one, whichever is more; 0 before there
    /// was one.
    package var keyframeMilliseconds: UInt32
    /// Of the connection, where it is by SRT.
    package var srt: SRTFigures?

    package init(
        byteCount: UInt64 = 0, dropCount: UInt64 = 0, keyframeMilliseconds: UInt32 = 0, srt: SRTFigures? = nil
    ) {
        self.byteCount = byteCount
        self.dropCount = dropCount
        self.keyframeMilliseconds = keyframeMilliseconds
        self.srt = srt
    }

    func write(to writer: inout WireWriter) {
        writer.write(byteCount)
        writer.write(dropCount)
        writer.write(keyframeMilliseconds)
        writer.write(srt != nil)
        (srt ?? SRTFigures()).write(to: &writer)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        (byteCount, dropCount) = (try reader.read(), try reader.read())
        keyframeMilliseconds = try reader.read()
        let isBySRT = try reader.readBool("SRT flag")
        let figures = try SRTFigures(&reader)
        srt = isBySRT ? figures : nil
    }
}

/// What libsrt has counted on a connection, at the side that sends or the one that receives.
package struct SRTFigures: Hashable, Sendable {
    /// How long the one who receives waits for what was lost, as both sides have agreed.
    package var latencyMilliseconds: UInt32
    package var roundTripMicroseconds: UInt32
    /// Packets that the one who receives has missed.
    package var lost: UInt64
    /// Packets that were sent again.
    package var retransmitted: UInt64
    /// Packets that were given up because they were too late.
    package var dropped: UInt64
    /// What the path carries, in bits a second, as the library estimates it; 0 where it does not know.
    package var bandwidth: UInt64
    /// At the side that sends, what is sent and not acknowledged; at the other one, what has come and is held back for the latency.
    package var bufferMilliseconds: UInt32

    package init(
        latencyMilliseconds: UInt32 = 0, roundTripMicroseconds: UInt32 = 0, lost: UInt64 = 0,
        retransmitted: UInt64 = 0, dropped: UInt64 = 0, bandwidth: UInt64 = 0, bufferMilliseconds: UInt32 = 0
    ) {
        self.latencyMilliseconds = latencyMilliseconds
        self.roundTripMicroseconds = roundTripMicroseconds
        self.lost = lost
        self.retransmitted = retransmitted
        self.dropped = dropped
        self.bandwidth = bandwidth
        self.bufferMilliseconds = bufferMilliseconds
    }

    func write(to writer: inout WireWriter) {
        writer.write(latencyMilliseconds)
        writer.write(roundTripMicroseconds)
        writer.write(lost)
        writer.write(retransmitted)
        writer.write(dropped)
        writer.write(bandwidth)
        writer.write(bufferMilliseconds)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        self.init(
            latencyMilliseconds: try reader.read(), roundTripMicroseconds: try reader.read(), lost: try reader.read(),
            retransmitted: try reader.read(), dropped: try reader.read(), bandwidth: try reader.read(),
            bufferMilliseconds: try reader.read())
    }
}
