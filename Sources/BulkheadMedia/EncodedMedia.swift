/// A frame's place on the broadcast's timeline: 0 is the first that went on air.
package typealias FrameNumber = Int64

/// All NAL units of one picture, each behind a 4-byte big-endian length (ISO/IEC 14496-15, 5.3), without parameter
/// sets and access unit delimiters.
package struct AccessUnit: Hashable, Sendable {
    package let frame: FrameNumber
    package let isIDR: Bool
    /// No other picture refers to this one: it can be left out without harm.
    package let isDisposable: Bool
    package let bytes: [UInt8]

    package init(frame: FrameNumber, isIDR: Bool, isDisposable: Bool, bytes: [UInt8]) {
        self.frame = frame
        self.isIDR = isIDR
        self.isDisposable = isDisposable
        self.bytes = bytes
    }
}

/// One coded picture or AAC frame with its times, as it goes to links and files.
package struct Packet: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case video(isIDR: Bool, isDisposable: Bool)
        case audio
    }

    package let kind: Kind
    package let dts: MediaTime
    package let pts: MediaTime
    /// A length-prefixed access unit, or one raw AAC frame without ADTS.
    package let bytes: [UInt8]
    /// Which ``StreamConfiguration`` a player needs for a picture, as the broadcast counts them; sound needs none.
    package let configuration: Int

    package init(kind: Kind, dts: MediaTime, pts: MediaTime, bytes: [UInt8], configuration: Int = 0) {
        self.kind = kind
        self.dts = dts
        self.pts = pts
        self.bytes = bytes
        self.configuration = configuration
    }

    package var isIDR: Bool { if case .video(isIDR: true, _) = kind { true } else { false } }
    package var isVideo: Bool { if case .video = kind { true } else { false } }
}

/// What a player must have before the first packet: sent as onMetaData and the two sequence headers.
package struct StreamConfiguration: Hashable, Sendable {
    package var canvas: Canvas
    package var frameRate: FrameRate
    package var videoBitsPerSecond: Int
    package var audioBitsPerSecond: Int
    /// An AVCDecoderConfigurationRecord.
    package var avcConfiguration: [UInt8]
    /// An AudioSpecificConfig.
    package var audioSpecificConfig: [UInt8]

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
