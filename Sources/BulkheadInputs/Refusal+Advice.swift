import BulkheadEvents
import BulkheadModel
import BulkheadWire

extension Refusal {
    /// Its code as a word, and its phrase.
    var reason: Reason {
        Reason(code == .accessDenied ? "access-denied" : code == .notFound ? "not-found" : "unplayable", description)
    }

    /// The failure of a broadcast whose input can't be opened.
    var failure: BroadcastError {
        BroadcastError(code: code == .notMedia ? .unknownFormat : .input, "\(self)", advice: advice)
    }

    /// Whether it may be over soon, without anybody changing a file or a setting.
    var mayPass: Bool { [.unreachable, .nameNotResolved, .deviceBusy, .timedOut].contains(code) }

    /// What a user can do about an input that can't be opened; empty where there is nothing to say.
    private var advice: String {
        switch code {
        case .notFound: "check the spelling, or give the whole path"
        case .accessDenied: "check who may read it (for devices: the group video or audio)"
        case .notMedia: "name its format if it has no header to go by"
        case .unsupportedCodec: "convert it with ffmpeg, or install a libavcodec that knows the codec"
        case .unreachable: "check the address and that the server is up"
        case .nameNotResolved: "check the host's name and this machine's DNS"
        case .deviceBusy: "end the other program that uses it"
        case .timedOut: "check that the other side is sending"
        case .notCopied: "begin the broadcast without the setting copy"
        case .other, .settings, .missingSymbol, .wrongVersion, .notLibrary: ""
        }
    }
}
