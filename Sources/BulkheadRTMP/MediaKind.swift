import BulkheadFLV

/// What a media message means to code that forwards or shows it.
package enum MediaKind: Hashable, Sendable {
    /// onMetaData, with or without `@setDataFrame` in front.
    case metadata
    case videoSequenceHeader
    case audioSequenceHeader
    case idr
    case video
    case audio
    /// Other data, such as captions.
    case data

    /// Reads the payload's first bytes.
    package init(_ message: Message) {
        switch message.type {
        case .video:
            let header = VideoPayloadHeader(message.payload)
            self = header?.isSequenceHeader == true ? .videoSequenceHeader : header?.isIDR == true ? .idr : .video
        case .audio:
            self = AudioPayloadHeader(message.payload)?.isSequenceHeader == true ? .audioSequenceHeader : .audio
        default:
            var payload = message.payload
            var decoder = AMF0Decoder()
            var name = try? decoder.decode(from: &payload)
            if name == "@setDataFrame" { name = try? decoder.decode(from: &payload) }
            self = name == "onMetaData" ? .metadata : .data
        }
    }

    /// Says what later messages mean, and is needed by every new player.
    package var isHeader: Bool { self == .metadata || self == .videoSequenceHeader || self == .audioSequenceHeader }
}
