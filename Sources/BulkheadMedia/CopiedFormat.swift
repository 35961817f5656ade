/// What must be known of a stream that is passed on as it is.
package struct CopiedFormat: Hashable, Sendable {
    /// An AVCDecoderConfigurationRecord, with 4-byte lengths.
    package let avcConfiguration: [UInt8]
    /// An AudioSpecificConfig; empty where there is no sound.
    package let audioSpecificConfig: [UInt8]

    package init(avcConfiguration: [UInt8], audioSpecificConfig: [UInt8]) {
        self.avcConfiguration = avcConfiguration
        self.audioSpecificConfig = audioSpecificConfig
    }
}

/// One packet of a stream that is passed on as it is, in the time of its source.
package struct CopiedPacket: Hashable, Sendable {
    /// Picture or sound.
    package let kind: Packet.Kind
    /// When it is decoded, in source time, which runs on over all gaps of the input.
    package let dts: MediaTime
    /// When it is shown or heard; not before ``dts``.
    package let pts: MediaTime
    /// Where it stands in the input, from its start: where another process goes on.
    package let position: MediaTime
    /// An access unit with 4-byte lengths, or one raw AAC frame without ADTS.
    package let bytes: [UInt8]

    package init(kind: Packet.Kind, dts: MediaTime, pts: MediaTime, position: MediaTime, bytes: [UInt8]) {
        self.kind = kind
        self.dts = dts
        self.pts = pts
        self.position = position
        self.bytes = bytes
    }

    /// A picture, not sound.
    package var isVideo: Bool { if case .video = kind { true } else { false } }
    /// A picture that a decoder can start with.
    package var isIDR: Bool { if case .video(isIDR: true, _) = kind { true } else { false } }

    /// No access unit is longer: what an FLV tag or RTMP message of 24 bits' length holds behind its video header.
    package static let mostPictureBytes = 0xFF_FFFF - 5
    /// No AAC frame is longer: 6144 bits for each of up to 8 channels (ISO/IEC 14496-3, 4.5.3.1), and as much again.
    package static let mostSoundBytes = 16_384
}
