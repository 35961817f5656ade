/// Why a plugin host can't go on: the master has broken the schema's rules, or memory can't be mapped.
enum PluginHostError: Error, Hashable, CustomStringConvertible {
    case noResultPool
    case resultPoolTwice
    case poolKnown(id: UInt32)
    case poolUnknown(id: UInt32)
    case poolNotMapped(id: UInt32, reason: String)
    case slotUnknown(pool: UInt32, slot: UInt32)
    case slotTooSmall(byteCount: Int, needed: Int)
    case breadcrumbTwice
    case breadcrumbNotMapped(reason: String)
    case confinedLate
    case unexpectedDescriptor

    var description: String {
        switch self {
        case .noResultPool: "the master asked for work before it sent the result pool"
        case .resultPoolTwice: "the master sent the result pool twice"
        case .poolKnown(let id): "the master announced pool \(id) twice"
        case .poolUnknown(let id): "the master named pool \(id), which it hasn't announced"
        case .poolNotMapped(let id, let reason): "pool \(id) can't be mapped: \(reason)"
        case .slotUnknown(let pool, let slot): "the master named slot \(slot) of pool \(pool), which has none such"
        case .slotTooSmall(let byteCount, let needed): "a slot of \(byteCount) bytes can't hold a picture of \(needed)"
        case .breadcrumbTwice: "the master sent the memory for notes twice"
        case .breadcrumbNotMapped(let reason): "the memory for notes can't be mapped: \(reason)"
        case .confinedLate: "the master asked for confinement twice, or after a plugin"
        case .unexpectedDescriptor: "the master sent a descriptor with a message that takes none"
        }
    }
}
