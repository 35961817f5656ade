/// What an input says of its pictures, before the first of them is decoded. Nothing of it is to be relied on.
package struct PictureFormat: Codable, Hashable, Sendable {
    /// How the brightness of light is coded.
    package enum Transfer: String, Codable, Hashable, Sendable, CaseIterable {
        /// The standard dynamic range, said or assumed.
        case standard
        /// SMPTE ST 2084.
        case pq
        /// ARIB STD-B67.
        case hlg
    }

    /// libavcodec's name of the codec.
    package var codec: String
    /// In pixels, as they are stored; 0 where it is not known.
    package var width: UInt32
    /// In pixels, as they are stored; 0 where it is not known.
    package var height: UInt32
    /// How wide a pixel is for its height, as a fraction; 0/0 where nothing is said.
    package var aspectNumerator: UInt32 = 0
    /// See ``aspectNumerator``.
    package var aspectDenominator: UInt32 = 0
    /// How pictures are to be turned before they are shown.
    package var orientation = PictureOrientation.upright
    /// The mean of pictures a second, as a fraction; 0/0 where it is not known.
    package var rateNumerator: UInt32 = 0
    /// See ``rateNumerator``.
    package var rateDenominator: UInt32 = 0
    /// Pictures come at distances that differ.
    package var hasVariableRate = false
    /// libavutil's name of the pixel format; empty where it is not known.
    package var pixelFormat = ""
    /// The pictures are of two fields each.
    package var isInterlaced = false
    /// Pixels may be transparent.
    package var hasAlpha = false
    /// How brightness is coded.
    package var transfer = Transfer.standard
    /// libavutil's name of the colour matrix; empty where nothing is said.
    package var matrix = ""
    /// Brightness takes all values of its bits.
    package var isFullRange = false
    /// One picture that does not move: a photograph, or the cover of a sound.
    package var isStill = false
    /// A graph of filters draws it: size and rate are no choice of its user's.
    package var isDrawn = false
    /// Which of the input's tracks with pictures it is, from 1.
    package var track: UInt16 = 1
    /// How many tracks with pictures the input has.
    package var trackCount: UInt16 = 1
    /// As the input says it; empty where it says nothing.
    package var language = ""

    /// Pictures of which no more is known.
    package init(codec: String, width: UInt32, height: UInt32) {
        self.codec = codec
        self.width = width
        self.height = height
    }

    /// How wide a pixel is for its height; 1 where nothing sensible is said.
    package var aspect: Double {
        guard aspectNumerator > 0, aspectDenominator > 0 else { return 1 }
        let aspect = Double(aspectNumerator) / Double(aspectDenominator)
        return aspect > 0.01 && aspect < 100 ? aspect : 1
    }

    /// Pictures a second; nil where it is not known.
    package var framesPerSecond: Double? {
        rateNumerator > 0 && rateDenominator > 0 ? Double(rateNumerator) / Double(rateDenominator) : nil
    }
}

/// What an input says of its sound, before the first of it is decoded. Nothing of it is to be relied on.
package struct SoundFormat: Codable, Hashable, Sendable {
    /// libavcodec's name of the codec.
    package var codec: String
    /// In hertz; 0 where it is not known.
    package var sampleRate: UInt32
    /// How many channels there are; 0 where it is not known.
    package var channelCount: UInt16
    /// libavutil's name of the channels' layout, such as `5.1`; empty where nothing is said.
    package var layout = ""
    /// Which of the input's tracks with sound it is, from 1.
    package var track: UInt16 = 1
    /// How many tracks with sound the input has.
    package var trackCount: UInt16 = 1
    /// As the input says it; empty where it says nothing.
    package var language = ""

    /// Sound of which no more is known.
    package init(codec: String, sampleRate: UInt32, channelCount: UInt16) {
        self.codec = codec
        self.sampleRate = sampleRate
        self.channelCount = channelCount
    }
}

/// Which pictures are taken apart into their fields.
package enum Deinterlacing: String, Codable, Hashable, Sendable, CaseIterable {
    /// Those that say that they are interlaced.
    case auto
    /// None.
    case off
    /// All: for inputs that don't say it.
    case on
}
