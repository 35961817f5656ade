/// What an AudioSpecificConfig says of AAC (ISO/IEC 14496-3, 1.6.2.1).
package struct AudioSpecificConfig: Hashable, Sendable {
    /// The number of the core's object type: 2 is AAC-LC.
    package let objectType: UInt8
    /// Samples a second of the core; twice as many are heard where a band is replicated (SBR).
    package let sampleRate: UInt32
    /// The number of the layout of channels: 1 to 6 are so many, 7 is eight, 0 says that it stands elsewhere.
    package let channelLayout: UInt8
    /// The bytes as they stand.
    package let bytes: [UInt8]

    /// Sampling frequencies by their index (1.6.3.3).
    package static let rates: [UInt32] = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
    ]
    /// Samples of the core that one frame holds.
    package static let samplesPerFrame: Int64 = 1024

    /// Reads a record; nil for what is none of AAC, and for frames of 960 samples, which no container here counts.
    package init?(_ record: [UInt8]) {
        guard (2...64).contains(record.count) else { return nil }
        var bits = BitReader(record)
        guard var type = bits.read(5), let rate = Self.rate(&bits), let layout = bits.read(4) else { return nil }
        if type == 5 || type == 29 {
            // A band or the stereo is replicated: the rate above is the core's, what is heard and the core's type follow.
            guard Self.rate(&bits) != nil, let core = bits.read(5) else { return nil }
            type = core
        }
        guard (1...4).contains(type), layout <= 7, bits.read(1) == 0 else { return nil }
        objectType = UInt8(type)
        sampleRate = rate
        channelLayout = UInt8(layout)
        bytes = record
    }

    /// AAC as its ADTS header says (1.A.2.2.1).
    /// - Parameter rateIndex: the place of the sampling frequency in ``rates``.
    package init?(objectType: UInt8, rateIndex: Int, channelLayout: UInt8) {
        guard Self.rates.indices.contains(rateIndex) else { return nil }
        let word = UInt16(objectType) << 11 | UInt16(rateIndex) << 7 | UInt16(channelLayout & 15) << 3
        self.init([UInt8(word >> 8), UInt8(word & 0xFF)])
    }

    private static func rate(_ bits: inout BitReader) -> UInt32? {
        guard let index = bits.read(4) else { return nil }
        guard index == 15 else { return rates.indices.contains(Int(index)) ? rates[Int(index)] : nil }
        return bits.read(24).flatMap { (7350...192_000).contains($0) ? $0 : nil }
    }

    /// How many channels there are; two, which is the rule, where that stands elsewhere.
    package var channelCount: Int {
        switch channelLayout {
        case 0: 2
        case 7: 8
        default: Int(channelLayout)
        }
    }

    /// Samples a second that are heard, and how many channels: for those who tell them to people and players. Where a record
    /// can't be read, those of what Bulkhead encodes.
    package static func heard(in record: [UInt8]) -> (sampleRate: UInt32, channelCount: Int) {
        guard let configuration = AudioSpecificConfig(record) else {
            return (UInt32(AudioFormat.sampleRate), AudioFormat.channelCount)
        }
        return (configuration.sampleRate, configuration.channelCount)
    }

    /// How long one frame is heard.
    package var frameDuration: MediaTime { MediaTime(ticks: Self.samplesPerFrame, of: Timebase(1, sampleRate)) }
}
