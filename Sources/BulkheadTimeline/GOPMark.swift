import BulkheadMedia

/// What an entry of a ``GOPQueue`` means to a reader that skips.
package enum GOPKind: Hashable, Sendable {
    /// A picture that a decoder can start with: a GOP begins.
    case idr
    case picture(isDisposable: Bool)
    case sound
    /// Says what later entries mean. Of those with one number the newest holds, and a reader that comes or skips is given
    /// it first.
    case header(Int)
    /// It stands for itself.
    case other

    package var isHeader: Bool { if case .header = self { true } else { false } }
    package var isPicture: Bool {
        switch self {
        case .idr, .picture: true
        case .sound, .header, .other: false
        }
    }
}

/// What a ``GOPQueue`` knows of an entry besides the element.
struct GOPMark: Hashable, Sendable {
    let kind: GOPKind
    /// As it counts against bounds.
    let byteCount: Int
    let time: MediaTime
    /// Bytes of all entries before it, as far as they were not left out.
    let offset: Int
}
