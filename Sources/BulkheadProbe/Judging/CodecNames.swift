import BulkheadFLV

/// What sequence headers say, in words.
enum CodecNames {
    /// The codec as a FourCC, as Enhanced RTMP writes the codecs of the legacy form too; nil for those without one.
    static func fourCC(_ codec: VideoPayloadHeader.Codec) -> UInt32? {
        switch codec {
        case .avc: number("avc1")
        case .legacy: nil
        case .fourCC(let number): number
        }
    }

    static func number(_ name: String) -> UInt32 { name.utf8.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }

    static func video(_ codec: VideoPayloadHeader.Codec, configuration: [UInt8]) -> String {
        guard let fourCC = fourCC(codec) else { return "a legacy codec" }
        switch fourCC {
        case number("avc1"):
            // ISO/IEC 14496-15, 5.3.3.1: version, profile, compatibility, level.
            guard configuration.count >= 4 else { return "H.264" }
            let names: [UInt8: String] = [
                66: "Baseline", 77: "Main", 88: "Extended", 100: "High", 110: "High 10", 122: "High 4:2:2",
                244: "High 4:4:4 Predictive",
            ]
            let profile =
                configuration[1] == 66 && configuration[2] & 0x40 != 0
                ? "Constrained Baseline" : names[configuration[1]] ?? "profile \(configuration[1])"
            return "H.264 \(profile) \(configuration[3] / 10).\(configuration[3] % 10)"
        case number("hvc1"): return "HEVC"
        case number("av01"): return "AV1"
        case number("vp09"): return "VP9"
        default: return text(fourCC)
        }
    }

    /// - Parameter fourCC: nil for what only the legacy form has.
    static func audio(_ fourCC: UInt32?, configuration: [UInt8]) -> String {
        switch fourCC {
        case number("mp4a"):
            guard configuration.count >= 2 else { return "AAC" }
            return aac(configuration)
        case number("Opus"): return "Opus"
        case number(".mp3"): return "MP3"
        case .some(let other): return text(other)
        case nil: return "a legacy codec"
        }
    }

    /// ISO/IEC 14496-3, 1.6.2.1: 5 bits object type, 4 bits frequency index, or 15 and 24 bits frequency, 4 bits channels.
    private static func aac(_ configuration: [UInt8]) -> String {
        let bits = (0..<5).reduce(UInt64(0)) { $0 << 8 | UInt64($1 < configuration.count ? configuration[$1] : 0) }
        let names: [UInt64: String] = [1: "AAC Main", 2: "AAC-LC", 5: "HE-AAC", 29: "HE-AAC v2"]
        let rates: [UInt64] = [
            96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
        ]
        let index = Int(bits >> 31 & 15)
        let rate = index == 15 ? bits >> 7 & 0xFF_FFFF : index < rates.count ? rates[index] : nil
        return (names[bits >> 35] ?? "AAC") + (rate.map { " \($0) Hz" } ?? "")
            + channels(Int(index == 15 ? bits >> 3 & 15 : bits >> 27 & 15))
    }

    /// What a channel configuration stands for (ISO/IEC 14496-3, table 1.19); 0 is told by the frames themselves.
    private static func channels(_ configuration: Int) -> String {
        switch configuration {
        case 1: " mono"
        case 2: " stereo"
        case 3...6: " \(configuration) channels"
        case 7, 12, 14: " 8 channels"
        case 11: " 7 channels"
        default: ""
        }
    }

    private static func text(_ fourCC: UInt32) -> String {
        let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: fourCC >> $0) }
        return String(decoding: bytes.map { (0x20..<0x7F).contains($0) ? $0 : 0x3F }, as: UTF8.self)
    }
}
