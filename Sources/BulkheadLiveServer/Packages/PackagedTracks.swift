package import BulkheadMP4
import BulkheadMedia

/// The tracks of a stream as MP4, with what viewers must know before they ask for anything.
package struct PackagedTracks: Hashable, Sendable {
    package let video: VideoTrack?
    package let sound: SoundTrack?

    static let videoID: UInt32 = 1
    static let soundID: UInt32 = 2

    package init(video: VideoTrack?, sound: SoundTrack?) {
        self.video = video
        self.sound = sound
    }

    package var tracks: [Track] {
        var tracks: [Track] = []
        if let video { tracks.append(.video(video, id: Self.videoID)) }
        if let sound { tracks.append(.sound(sound, id: Self.soundID)) }
        return tracks
    }

    /// The codecs as RFC 6381 writes them, such as `avc1.64001F,mp4a.40.2`.
    package var codecs: String {
        [video?.codec, sound?.codec].compactMap { $0 }.joined(separator: ",")
    }

    /// The initialization segment.
    package var header: [UInt8] { LiveFragmentWriter(tracks: tracks).header }

    /// Names the initialization segment and no other one: FNV-1a over its bytes.
    package static func name(of header: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in header { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }
}

extension VideoTrack {
    /// ISO/IEC 14496-15, annex E.2 and E.3; AV1 Codec ISO Media File Format Binding, 5.
    fileprivate var codec: String {
        let record = avcConfiguration
        switch coding {
        case .avc:
            guard record.count >= 4 else { return "avc1" }
            return "avc1." + record[1...3].map(Self.hex).joined()
        case .hevc:
            guard record.count >= 13 else { return "hvc1" }
            let space = ["", "A", "B", "C"][Int(record[1] >> 6)]
            let flags = record[2...5].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            var compatibility: UInt32 = 0
            for bit in UInt32(0)..<32 where flags >> bit & 1 == 1 { compatibility |= 1 << (31 - bit) }
            let constraints = record[6...11].reversed().drop { $0 == 0 }.reversed()
            let tier = record[1] & 0x20 != 0 ? "H" : "L"
            var fields = ["hvc1", "\(space)\(record[1] & 31)", String(compatibility, radix: 16, uppercase: true)]
            fields.append("\(tier)\(record[12])")
            for byte in constraints { fields.append(String(byte, radix: 16, uppercase: true)) }
            return fields.joined(separator: ".")
        case .av1:
            guard record.count >= 3 else { return "av01" }
            let level = record[1] & 31
            let profile = record[1] >> 5
            let isDeep = record[2] & 0x40 != 0
            let depth = !isDeep ? "08" : record[2] & 0x20 != 0 && profile == 2 ? "12" : "10"
            let tier = record[2] & 0x80 != 0 ? "H" : "M"
            return "av01.\(profile).\(level < 10 ? "0" : "")\(level)\(tier).\(depth)"
        }
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}

extension SoundTrack {
    private static let rates: [UInt32] = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
    ]

    /// A track of what an AudioSpecificConfig says (ISO/IEC 14496-3, 1.6.2.1 and 4.4.1); nil where that is not understood.
    init?(audioSpecificConfig record: [UInt8]) {
        var bits = BitReader(record)
        guard record.count <= 64, var type = bits.read(5) else { return nil }
        if type == 31, let more = bits.read(6) { type = 32 + more }
        guard let index = bits.read(4) else { return nil }
        let rate = index == 15 ? bits.read(24) : index < 13 ? Self.rates[Int(index)] : nil
        guard let rate, rate > 0, rate <= 192_000, let layout = bits.read(4), type > 0 else { return nil }
        // 0 says that the channels stand elsewhere: two are the rule, and decoders look for themselves.
        let channels: UInt16 = layout == 0 ? 2 : layout == 7 ? 8 : UInt16(min(8, layout))
        self.init(audioSpecificConfig: record, sampleRate: rate, channelCount: channels)
    }

    /// How long a frame is, in samples.
    var frameTicks: Int64 { 1024 }

    fileprivate var codec: String {
        let type = audioSpecificConfig.first.map { $0 >> 3 } ?? 2
        return "mp4a.40.\(type == 31 ? 2 : type)"
    }
}
