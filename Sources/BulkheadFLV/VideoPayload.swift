import BulkheadMedia
package import NIOCore

/// The first bytes of a video payload, in the legacy form and in the enhanced one.
///
///     legacy   | frame type 4 bits, codec 4 bits | AVC packet type 1 | composition time 3, signed, ms | data
///     enhanced | 1 bit = 1, frame type 3, packet type 4 bits | {ModEx} | FourCC 4 | [composition time 3] | data
///     ModEx    | length - 1: 1, or 255 and 2 | data | its type 4 bits, packet type 4 bits
///
/// Packet type 7 announces a modifier (ModEx), behind which stands the next packet type. Modifiers are passed over.
/// - SeeAlso: Adobe Flash Video File Format 10.1, annex E.4.3; Enhanced RTMP v2, "Enhanced Video".
package struct VideoPayloadHeader: Hashable, Sendable {
    /// The frame type of annex E.4.3.1.
    package enum FrameType: UInt8, Hashable, Sendable {
        /// For AVC an IDR access unit.
        case key = 1
        case inter = 2
        case disposableInter = 3
        case generatedKey = 4
        /// A server's command to the player: no picture.
        case command = 5
    }

    /// What the data behind the header is.
    package enum Content: Hashable, Sendable {
        case sequenceHeader
        case accessUnit(compositionTimeMilliseconds: Int32)
        case endOfSequence
        /// High dynamic range metadata, and whatever later versions add.
        case other(UInt8)
    }

    /// The codec, in either form of the header.
    package enum Codec: Hashable, Sendable {
        /// The legacy number: 7 is AVC.
        case legacy(UInt8)
        /// A FourCC as a big-endian number.
        case fourCC(UInt32)

        /// H.264 in the legacy form, codec number 7.
        package static let avc = Codec.legacy(7)
    }

    /// Whether the picture can be decoded alone, refers to others, or is none.
    package let frameType: FrameType
    /// Which codec the data is coded with.
    package let codec: Codec
    /// Whether the data is a sequence header, an access unit, or something else.
    package let content: Content
    /// Where the coded data starts, in bytes from the payload's start.
    package let byteCount: Int

    /// A new picture from which decoding can start.
    package var isIDR: Bool { if case .accessUnit = content { frameType == .key } else { false } }
    /// The data is a decoder configuration record, not a picture.
    package var isSequenceHeader: Bool { content == .sequenceHeader }

    /// Nil for a payload too short or with an unknown frame type.
    package init?(_ payload: ByteBuffer) {
        let start = payload.readerIndex
        guard let first: UInt8 = payload.getInteger(at: start) else { return nil }
        guard let frameType = FrameType(rawValue: (first >> 4) & 7) else { return nil }
        self.frameType = frameType
        if first & 0x80 != 0 {
            guard let (type, length) = payload.passModifiers(first & 0x0F),
                let fourCC: UInt32 = payload.getInteger(at: start + length)
            else { return nil }
            codec = .fourCC(fourCC)
            let end = length + 4
            switch type {
            case 0: (content, byteCount) = (.sequenceHeader, end)
            case 1:
                let hasCompositionTime = fourCC == 0x6176_6331 || fourCC == 0x6876_6331  // avc1, hvc1
                let time = hasCompositionTime ? payload.getSigned24(at: start + end) : 0
                guard let time else { return nil }
                (content, byteCount) = (
                    .accessUnit(compositionTimeMilliseconds: time), hasCompositionTime ? end + 3 : end
                )
            case 2: (content, byteCount) = (.endOfSequence, end)
            case 3: (content, byteCount) = (.accessUnit(compositionTimeMilliseconds: 0), end)
            case let type: (content, byteCount) = (.other(type), end)
            }
            return
        }
        codec = .legacy(first & 0x0F)
        guard codec == .avc else {
            (content, byteCount) = (.accessUnit(compositionTimeMilliseconds: 0), 1)
            return
        }
        guard let type: UInt8 = payload.getInteger(at: start + 1), let time = payload.getSigned24(at: start + 2) else {
            return nil
        }
        byteCount = 5
        switch type {
        case 0: content = .sequenceHeader
        case 1: content = .accessUnit(compositionTimeMilliseconds: time)
        case 2: content = .endOfSequence
        default: content = .other(type)
        }
    }
}

/// The first bytes of an audio payload, in the legacy form and in the enhanced one.
/// - SeeAlso: Adobe Flash Video File Format 10.1, annex E.4.2; Enhanced RTMP v2, "Enhanced Audio".
package struct AudioPayloadHeader: Hashable, Sendable {
    /// The legacy sound format: 10 is AAC, 9 the enhanced form with a FourCC.
    package let soundFormat: UInt8
    /// The data is an AudioSpecificConfig, not sound.
    package let isSequenceHeader: Bool
    /// Where the coded data starts, in bytes from the payload's start.
    package let byteCount: Int

    /// The legacy sound format of AAC.
    package static let aac: UInt8 = 10
    /// The sound format that announces the enhanced form with a FourCC.
    package static let enhanced: UInt8 = 9

    /// Nil for a payload too short.
    package init?(_ payload: ByteBuffer) {
        let start = payload.readerIndex
        guard let first: UInt8 = payload.getInteger(at: start) else { return nil }
        soundFormat = first >> 4
        switch soundFormat {
        case Self.aac:
            guard let type: UInt8 = payload.getInteger(at: start + 1) else { return nil }
            (isSequenceHeader, byteCount) = (type == 0, 2)
        case Self.enhanced:
            guard let (type, length) = payload.passModifiers(first & 0x0F) else { return nil }
            (isSequenceHeader, byteCount) = (type == 0, length + 4)
        default: (isSequenceHeader, byteCount) = (false, 1)
        }
    }
}

extension ByteBuffer {
    /// The packet type behind all modifiers of an enhanced header, and how many bytes the header has up to its FourCC; nil
    /// when it is cut short.
    fileprivate func passModifiers(_ first: UInt8) -> (type: UInt8, byteCount: Int)? {
        var type = first
        var place = 1
        while type == 7 {
            guard let short: UInt8 = getInteger(at: readerIndex + place) else { return nil }
            place += 1
            var length = Int(short) + 1
            if length == 256 {
                guard let long: UInt16 = getInteger(at: readerIndex + place) else { return nil }
                place += 2
                length = Int(long) + 1
            }
            place += length
            guard let next: UInt8 = getInteger(at: readerIndex + place) else { return nil }
            place += 1
            type = next & 0x0F
        }
        return (type, place)
    }

    fileprivate func getSigned24(at index: Int) -> Int32? {
        guard let high: UInt8 = getInteger(at: index), let low: UInt16 = getInteger(at: index + 1) else { return nil }
        return Int32(Int8(bitPattern: high)) << 16 | Int32(low)
    }
}
