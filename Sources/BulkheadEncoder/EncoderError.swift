import BulkheadMedia

/// Why an encoder process can't go on: the master has broken the schema's rules, or a library has failed.
enum EncoderError: Error, Hashable, CustomStringConvertible {
    case notConfigured
    case configuredTwice
    case flushedAlready
    case poolKnown(id: UInt32)
    case poolUnknown(id: UInt32)
    case poolNotMapped(id: UInt32, reason: String)
    case slotUnknown(pool: UInt32, slot: UInt32)
    case slotTooSmall(byteCount: Int, needed: Int)
    case frameNotRising(FrameNumber, last: FrameNumber)
    case blockNotNext(Int64, expected: Int64)
    case videoFailed(frame: FrameNumber?)
    case reconfigurationFailed(code: Int32)
    case audioFailed(block: Int64?, reason: String)
    case unexpectedDescriptor
    case threadsMissing

    var description: String {
        switch self {
        case .notConfigured: "the master asked for work before it sent the settings"
        case .configuredTwice: "the master sent the settings twice"
        case .flushedAlready: "the master asked for work after a flush"
        case .poolKnown(let id): "the master announced pool \(id) twice"
        case .poolUnknown(let id): "the master named pool \(id), which it hasn't announced"
        case .poolNotMapped(let id, let reason): "pool \(id) can't be mapped: \(reason)"
        case .slotUnknown(let pool, let slot): "the master named slot \(slot) of pool \(pool), which has none such"
        case .slotTooSmall(let byteCount, let needed):
            "a slot of \(byteCount) bytes can't hold a picture of \(needed)"
        case .frameNotRising(let frame, let last): "the master sent frame \(frame) after frame \(last)"
        case .blockNotNext(let block, let expected): "the master sent audio block \(block) instead of \(expected)"
        case .videoFailed(let frame):
            if let frame { "x264 failed at frame \(frame)" } else { "x264 failed while it was emptied" }
        case .reconfigurationFailed(let code): "x264 didn't take the new bitrate (code \(code))"
        case .audioFailed(let block, let reason):
            if let block {
                "the AAC encoder failed at block \(block): \(reason)"
            } else {
                "the AAC encoder failed while it was emptied: \(reason)"
            }
        case .threadsMissing: "x264 can't be opened: this machine, or this user, has too few threads left"
        case .unexpectedDescriptor: "the master sent a descriptor with a message that takes none"
        }
    }
}
