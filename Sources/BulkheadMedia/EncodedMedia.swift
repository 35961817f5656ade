/// A frame's place on the broadcast's timeline: 0 is the first that went on air.
package typealias FrameNumber = Int64

/// All NAL units of one picture, each behind a 4-byte big-endian length (ISO/IEC 14496-15, 5.3), without parameter
/// sets and access unit delimiters.
package struct AccessUnit: Hashable, Sendable {
    /// The frame that the picture was encoded from.
    package let frame: FrameNumber
    /// A decoder can start here.
    package let isIDR: Bool
    /// No other picture refers to this one: it can be left out without harm.
    package let isDisposable: Bool
    /// The NAL units, each behind its 4-byte big-endian length.
    package let bytes: [UInt8]

    /// An access unit as an encoder hands it out; ``isWellFormed`` checks the bytes.
    package init(frame: FrameNumber, isIDR: Bool, isDisposable: Bool, bytes: [UInt8]) {
        self.frame = frame
        self.isIDR = isIDR
        self.isDisposable = isDisposable
        self.bytes = bytes
    }
}

/// One coded picture or AAC frame with its times, as it goes to links and files.
package struct Packet: Hashable, Sendable {
    /// Picture or sound.
    package enum Kind: Hashable, Sendable {
        case video(isIDR: Bool, isDisposable: Bool)
        case audio
    }

    /// Picture or sound, and how a picture may be left out.
    package let kind: Kind
    /// When the packet is decoded, on the broadcast's timeline.
    package let dts: MediaTime
    /// When the packet is presented, on the broadcast's timeline; not before ``dts``.
    package let pts: MediaTime
    /// A length-prefixed access unit, or one raw AAC frame without ADTS.
    package let bytes: [UInt8]
    /// Which ``StreamConfiguration`` a player needs for a picture, as the broadcast counts them; sound needs none.
    package let configuration: Int

    /// A packet with the times that its player sees.
    package init(kind: Kind, dts: MediaTime, pts: MediaTime, bytes: [UInt8], configuration: Int = 0) {
        self.kind = kind
        self.dts = dts
        self.pts = pts
        self.bytes = bytes
        self.configuration = configuration
    }

    /// A picture that a decoder can start with.
    package var isIDR: Bool { if case .video(isIDR: true, _) = kind { true } else { false } }
    /// A picture, not sound.
    package var isVideo: Bool { if case .video = kind { true } else { false } }
}

/// What a player must have before the first packet: sent as onMetaData and the two sequence headers.
package struct StreamConfiguration: Hashable, Sendable {
    /// The size of the pictures.
    package var canvas: Canvas
    /// Pictures a second.
    package var frameRate: FrameRate
    /// What the encoder aims at for pictures.
    package var videoBitsPerSecond: Int
    /// What the encoder aims at for sound.
    package var audioBitsPerSecond: Int
    /// An AVCDecoderConfigurationRecord.
    package var avcConfiguration: [UInt8]
    /// An AudioSpecificConfig.
    package var audioSpecificConfig: [UInt8]
    /// The names of further tracks of sound, of the same form, where a recording has some.
    package var tracks: [String] = []
    /// A recording has no more.
    package static let mostTracks = 64

    /// A configuration with the two decoder records as the encoder hands them out.
    package init(
        canvas: Canvas, frameRate: FrameRate, videoBitsPerSecond: Int, audioBitsPerSecond: Int,
        avcConfiguration: [UInt8], audioSpecificConfig: [UInt8]
    ) {
        self.canvas = canvas
        self.frameRate = frameRate
        self.videoBitsPerSecond = videoBitsPerSecond
        self.audioBitsPerSecond = audioBitsPerSecond
        self.avcConfiguration = avcConfiguration
        self.audioSpecificConfig = audioSpecificConfig
    }
}
