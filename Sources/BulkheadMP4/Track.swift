/// One track of a movie: pictures or sound.
package struct Track: Hashable, Sendable {
    /// What a decoder has to know before the first sample.
    package enum Content: Hashable, Sendable {
        case video(VideoTrack)
        case sound(SoundTrack)
    }

    /// The track's number in the file: 1 or more, each once.
    package let id: UInt32
    /// Ticks of a second, in which the times of its samples are counted; at least 1.
    package let timescale: UInt32
    /// The codec, with its configuration.
    package let content: Content
    /// What players show as the track's title; may be empty.
    package let name: String

    /// A track with times in `timescale` ticks a second; 0 is taken as 1.
    package init(id: UInt32, timescale: UInt32, content: Content, name: String = "") {
        self.id = id
        self.timescale = max(1, timescale)
        self.content = content
        self.name = name
    }

    /// A track of pictures in 90,000 ticks a second.
    package static func video(_ video: VideoTrack, id: UInt32 = 1, name: String = "") -> Track {
        Track(id: id, timescale: 90_000, content: .video(video), name: name)
    }

    /// A track of sound in as many ticks a second as it has samples.
    package static func sound(_ sound: SoundTrack, id: UInt32 = 2, name: String = "") -> Track {
        Track(id: id, timescale: sound.sampleRate, content: .sound(sound), name: name)
    }

    /// Whether it holds pictures.
    package var isVideo: Bool { if case .video = content { true } else { false } }
}

/// The configuration of a track of pictures.
package struct VideoTrack: Hashable, Sendable {
    /// How pictures are coded. Files are written and read with H.264 alone.
    package enum Coding: Hashable, Sendable {
        case avc
        /// With the parameter sets in the configuration.
        case hevc
        case av1

        /// The sample entry's type, and that of the box with the configuration in it: ISO/IEC 14496-15, 5.4.2 and 8.4.1;
        /// AV1 Codec ISO Media File Format Binding, 2.2 and 2.3.
        var types: (entry: BoxType, configuration: BoxType) {
            switch self {
            case .avc: ("avc1", "avcC")
            case .hevc: ("hvc1", "hvcC")
            case .av1: ("av01", "av1C")
            }
        }
    }

    /// Which coding the configuration is of.
    package let coding: Coding
    /// An AVCDecoderConfigurationRecord with 4-byte lengths, as the encoder gives it, or the record that the other codings
    /// have in its place.
    package let avcConfiguration: [UInt8]
    /// Pixels of a coded row that are shown.
    package let width: UInt16
    /// Coded rows that are shown.
    package let height: UInt16
    /// How colours are to be taken; nil leaves it to the bitstream.
    package let colour: Colour?
    /// The form of a pixel; nil for square ones.
    package let sampleAspect: SampleAspect?

    /// The numbers of ITU-T H.273 in a `colr` box of type `nclx`.
    package struct Colour: Hashable, Sendable {
        /// The code points of primaries, transfer characteristics and matrix coefficients.
        package let primaries: UInt16, transfer: UInt16, matrix: UInt16
        /// Whether levels take the whole range of a byte.
        package let isFullRange: Bool

        package init(primaries: UInt16, transfer: UInt16, matrix: UInt16, isFullRange: Bool) {
            self.primaries = primaries
            self.transfer = transfer
            self.matrix = matrix
            self.isFullRange = isFullRange
        }
    }

    /// The width of a pixel as a multiple of its height, as a fraction.
    package struct SampleAspect: Hashable, Sendable {
        /// The fraction's two parts.
        package let width: UInt32, height: UInt32

        package init(width: UInt32, height: UInt32) {
            self.width = width
            self.height = height
        }
    }

    package init(
        _ coding: Coding = .avc, avcConfiguration: [UInt8], width: UInt16, height: UInt16, colour: Colour? = nil,
        sampleAspect: SampleAspect? = nil
    ) {
        self.coding = coding
        self.avcConfiguration = avcConfiguration
        self.width = width
        self.height = height
        self.colour = colour
        self.sampleAspect = sampleAspect
    }
}

/// The configuration of a track of AAC sound.
package struct SoundTrack: Hashable, Sendable {
    /// An AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1), as the encoder gives it.
    package let audioSpecificConfig: [UInt8]
    /// Samples a second of each channel.
    package let sampleRate: UInt32
    /// Channels that a decoder gives.
    package let channelCount: UInt16
    /// What the encoder aims at; 0 if not known.
    package let bitsPerSecond: UInt32

    package init(audioSpecificConfig: [UInt8], sampleRate: UInt32, channelCount: UInt16, bitsPerSecond: UInt32 = 0) {
        self.audioSpecificConfig = audioSpecificConfig
        self.sampleRate = sampleRate
        self.channelCount = channelCount
        self.bitsPerSecond = bitsPerSecond
    }
}
