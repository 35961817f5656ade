package import BulkheadModel
package import BulkheadWire

extension SRTStatus {
    /// What a child has said of its connection.
    package init(_ figures: SRTFigures) {
        self.init(
            latencyMilliseconds: Int(clamping: figures.latencyMilliseconds),
            packetsLost: Int(clamping: figures.lost), packetsRetransmitted: Int(clamping: figures.retransmitted),
            packetsDropped: Int(clamping: figures.dropped), bandwidthBitsPerSecond: Int(clamping: figures.bandwidth),
            bufferMilliseconds: Int(clamping: figures.bufferMilliseconds))
    }
}
