import BulkheadFLV
package import BulkheadRTMP
import NIOCore

/// Tells what one publisher sends of a stream from noise: what no player could make anything of.
///
/// Pictures and sound count once the configuration that they need has come, and only where they begin as that coding does:
/// a NAL unit whose length fits, a format that stays the same. What lies behind the beginning is not looked at.
package struct StreamJudge: Hashable, Sendable {
    /// What a message is.
    package enum Verdict: Hashable, Sendable {
        /// A sign of a stream, to be passed on.
        case media
        /// To be passed on, and no sign of a stream: a command for players, an end.
        case other
        /// To be left out.
        case noise
    }

    private enum Pictures: Hashable {
        /// H.264 and H.265, by the bytes of a NAL unit's length.
        case units(VideoPayloadHeader.Codec, lengthSize: Int)
        /// A coding whose pictures can't be told from noise.
        case opaque(VideoPayloadHeader.Codec)

        var codec: VideoPayloadHeader.Codec {
            switch self {
            case .units(let codec, _), .opaque(let codec): codec
            }
        }
    }

    private enum Sound: Hashable {
        case aac
        /// A legacy coding, by the byte that all of its messages begin with.
        case constant(UInt8)
    }

    private static let avc1: UInt32 = 0x6176_6331
    private static let hvc1: UInt32 = 0x6876_6331
    /// The FourCCs of Enhanced RTMP v2: av01, vp08, vp09, vvc1, and the two above.
    private static let videoCodes: Set<UInt32> = [avc1, hvc1, 0x6176_3031, 0x7670_3038, 0x7670_3039, 0x7676_6331]
    /// ac-3, ec-3, Opus, .mp3, fLaC, mp4a.
    private static let soundCodes: Set<UInt32> = [
        0x6163_2D33, 0x6563_2D33, 0x4F70_7573, 0x2E6D_7033, 0x664C_6143, 0x6D70_3461,
    ]
    /// In bytes: a command for players is a byte or two, and no AudioSpecificConfig comes near.
    private static let longestRemark = 64

    private var pictures: Pictures?
    private var sound: Sound?

    /// The judge of a stream of which nothing has come.
    package init() {}

    /// What `message` is, behind those that came before.
    package mutating func judge(_ message: Message) -> Verdict {
        switch message.type {
        case .video: judge(picture: message.payload)
        case .audio: judge(sound: message.payload)
        case .data:
            // What it says begins with its name.
            message.payload.getInteger(at: message.payload.readerIndex, as: UInt8.self) == 2 ? .media : .noise
        default: .media
        }
    }

    // MARK: pictures

    private mutating func judge(picture payload: ByteBuffer) -> Verdict {
        guard let header = VideoPayloadHeader(payload), header.frameType != .generatedKey else { return .noise }
        if case .fourCC(let code) = header.codec, !Self.videoCodes.contains(code), !isTracks(header) { return .noise }
        if header.frameType == .command {
            return pictures != nil && payload.readableBytes <= Self.longestRemark ? .other : .noise
        }
        let data = payload.readableBytesView.dropFirst(header.byteCount)
        switch header.content {
        case .sequenceHeader:
            guard let pictures = Self.pictures(header.codec, configuredBy: data) else { return .noise }
            self.pictures = pictures
            return .media
        case .accessUnit: return judge(accessUnit: data, header)
        case .endOfSequence, .other: return pictures?.codec == header.codec || isTracks(header) ? .other : .noise
        }
    }

    /// Several tracks in one message (packet type 6), behind a configuration; the FourCC stands elsewhere in it.
    private func isTracks(_ header: VideoPayloadHeader) -> Bool {
        pictures != nil && header.codec != .avc && header.content == .other(6)
    }

    private mutating func judge(accessUnit data: ByteBufferView.SubSequence, _ header: VideoPayloadHeader) -> Verdict {
        if case .legacy = header.codec, header.codec != .avc, pictures == nil, header.frameType == .key {
            // A coding without a configuration begins with a keyframe.
            pictures = .opaque(header.codec)
        }
        guard let pictures, pictures.codec == header.codec else { return .noise }
        guard !data.isEmpty else { return .other }
        guard case .units(_, let lengthSize) = pictures else { return .media }
        let length = data.prefix(lengthSize).reduce(0) { $0 << 8 | Int($1) }
        let rest = data.dropFirst(lengthSize)
        // The first bit of a NAL unit is 0 (ITU-T H.264, 7.3.1; H.265, 7.3.1.2).
        return length > 0 && length <= rest.count && (rest.first ?? 0x80) < 0x80 ? .media : .noise
    }

    /// What a configuration says of the pictures that follow; nil where it is none.
    private static func pictures(
        _ codec: VideoPayloadHeader.Codec, configuredBy data: ByteBufferView.SubSequence
    ) -> Pictures? {
        let bytes = [UInt8](data.prefix(23))
        switch codec {
        case .avc, .fourCC(avc1):
            // AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1): version, profile, ..., the size of lengths, sets.
            guard bytes.count >= 7, bytes[0] == 1 else { return nil }
            return .units(codec, lengthSize: Int(bytes[4] & 3) + 1)
        case .fourCC(hvc1):
            // HEVCDecoderConfigurationRecord (8.3.3.1).
            guard bytes.count == 23, bytes[0] <= 1 else { return nil }
            return .units(codec, lengthSize: Int(bytes[21] & 3) + 1)
        case .fourCC: return bytes.isEmpty ? nil : .opaque(codec)
        case .legacy: return nil
        }
    }

    // MARK: sound

    private mutating func judge(sound payload: ByteBuffer) -> Verdict {
        guard let header = AudioPayloadHeader(payload) else { return .noise }
        let bytes = payload.readableBytesView
        let data = bytes.dropFirst(header.byteCount)
        switch header.soundFormat {
        case AudioPayloadHeader.aac:
            if header.isSequenceHeader {
                guard Self.isConfiguration(data) else { return .noise }
                sound = .aac
                return .media
            }
            guard sound == .aac, bytes.dropFirst().first == 1 else { return .noise }
            return data.isEmpty ? .other : .media
        case AudioPayloadHeader.enhanced:
            let place = payload.readerIndex + header.byteCount - 4
            guard let code: UInt32 = payload.getInteger(at: place), Self.soundCodes.contains(code) else {
                return .noise
            }
            return .media
        case 12, 13, 15: return .noise
        default:
            guard let first = bytes.first else { return .noise }
            if sound == nil { sound = .constant(first) }
            return sound == .constant(first) ? .media : .noise
        }
    }

    /// Whether `data` begins as an AudioSpecificConfig does (ISO/IEC 14496-3, 1.6.2.1): an object type, and a rate.
    private static func isConfiguration(_ data: ByteBufferView.SubSequence) -> Bool {
        let bytes = [UInt8](data.prefix(2))
        guard bytes.count == 2, data.count <= longestRemark, bytes[0] >> 3 != 0 else { return false }
        let rate = (bytes[0] & 7) << 1 | bytes[1] >> 7
        return rate <= 12 || rate == 15 || bytes[0] >> 3 == 31
    }
}
