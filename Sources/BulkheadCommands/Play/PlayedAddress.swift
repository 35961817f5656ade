import BulkheadLibraryPlayer
import BulkheadStreamPlayer

/// What a player can be given the address of.
enum PlayedAddress: Hashable, CustomStringConvertible {
    /// A recording of a library.
    case recording(VideoAddress)
    /// A live room of a library.
    case room(RoomAddress)
    /// A stream of a server.
    case stream(StreamSource)

    /// - Returns: nil for what is no such address, or where one of the trackers is none.
    init?(_ text: String, trackers: [String]) {
        if let address = VideoAddress(text, others: trackers) {
            self = .recording(address)
        } else if let address = RoomAddress(text, others: trackers) {
            self = .room(address)
        } else if let source = StreamSource(text) {
            self = .stream(source)
        } else {
            return nil
        }
    }

    /// Without what may be secret.
    var description: String {
        switch self {
        case .recording(let address): "\(address)"
        case .room(let address): "\(address)"
        case .stream(let source): "\(source)"
        }
    }
}
