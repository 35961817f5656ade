package import BulkheadMedia
package import NIOCore

/// Gives the bytes of an FLV file, piece by piece; it owns no file.
package struct FLVWriter: Sendable {
    /// The packet time that becomes timestamp 0; what lies before it is written as 0.
    package let origin: MediaTime

    /// A writer whose file begins at the packet time `origin`.
    package init(origin: MediaTime = .zero) { self.origin = origin }

    /// The file's header (annex E.2), announcing sound and picture.
    package var fileHeader: ByteBuffer {
        ByteBuffer(bytes: [0x46, 0x4C, 0x56, 0x01, 0x05, 0, 0, 0, 9, 0, 0, 0, 0])
    }

    /// The onMetaData tag and both sequence headers; write them again, later, when the configuration changes.
    /// - Throws: ``FLVError/tagTooLong(byteCount:limit:)`` for parameter sets of more than 16 MB.
    package func bytes(
        of configuration: StreamConfiguration, at time: MediaTime? = nil
    ) throws(FLVError) -> ByteBuffer {
        let timestamp = timestamp(of: time ?? origin)
        var output = ByteBuffer()
        // At time 0 wherever it stands: FFmpeg takes metadata at any other time for a stream of text.
        try output.writeTag(FLVTag(kind: .script, timestampMilliseconds: 0, payload: configuration.metadataPayload))
        for (kind, payload) in [
            (FLVTag.Kind.video, configuration.videoSequenceHeader), (.audio, configuration.audioSequenceHeader),
        ] {
            try output.writeTag(FLVTag(kind: kind, timestampMilliseconds: timestamp, payload: payload))
        }
        return output
    }

    /// - Throws: ``FLVError/tagTooLong(byteCount:limit:)`` for a packet of more than 16 MB.
    package func bytes(of packet: Packet) throws(FLVError) -> ByteBuffer {
        var output = ByteBuffer()
        try output.writeTag(
            FLVTag(
                kind: packet.isVideo ? .video : .audio, timestampMilliseconds: timestamp(of: packet.dts),
                payload: packet.flvPayload))
        return output
    }

    private func timestamp(of time: MediaTime) -> UInt32 {
        UInt32(truncatingIfNeeded: max(0, (time - origin).milliseconds))
    }
}
