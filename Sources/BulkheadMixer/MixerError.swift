import BulkheadMedia

/// Why a mixer process can't go on: the master has broken the schema's rules.
enum MixerError: Error, Hashable, CustomStringConvertible {
    case notConfigured
    case configuredTwice
    case poolKnown(id: UInt32)
    case poolUnknown(id: UInt32)
    case poolNotMapped(id: UInt32, reason: String)
    case slotUnknown(pool: UInt32, slot: UInt32)
    case slotTooSmall(byteCount: Int, needed: Int)
    case outsidePicture(PixelRectangle, Canvas)
    case unexpectedDescriptor

    var description: String {
        switch self {
        case .notConfigured: "the master asked for work before it sent the canvas"
        case .configuredTwice: "the master sent the canvas twice"
        case .poolKnown(let id): "the master announced pool \(id) twice"
        case .poolUnknown(let id): "the master named pool \(id), which it hasn't announced"
        case .poolNotMapped(let id, let reason): "pool \(id) can't be mapped: \(reason)"
        case .slotUnknown(let pool, let slot): "the master named slot \(slot) of pool \(pool), which has none such"
        case .slotTooSmall(let byteCount, let needed):
            "a slot of \(byteCount) bytes can't hold a picture of \(needed)"
        case .outsidePicture(let part, let canvas):
            "the master named \(part.width)x\(part.height) at \(part.x),\(part.y), outside a picture of \(canvas)"
        case .unexpectedDescriptor: "the master sent a descriptor with a message that takes none"
        }
    }
}
