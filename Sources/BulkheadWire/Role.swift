/// What a process is for.
package enum Role: UInt8, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case master = 0
    case encoder = 1
    case source = 2
    case pluginHost = 3
    /// Decodes for a viewer, whose own process is on the master's side of the socket.
    case decoder = 4
    /// Makes one picture of several.
    case mixer = 5
    /// Writes one file of the program, or a row of them.
    case recorder = 6
    /// Tells others of events, over HTTP.
    case notifier = 7
    /// Talks to chat servers.
    case chat = 8
    /// Serves the program to players.
    case origin = 12
    /// Sends the program to one server by SRT.
    case srt = 15

    package var description: String {
        switch self {
        case .master: "master"
        case .encoder: "encoder"
        case .source: "source"
        case .pluginHost: "plugin host"
        case .decoder: "decoder"
        case .mixer: "mixer"
        case .recorder: "recorder"
        case .notifier: "notifier"
        case .chat: "chat"
        case .origin: "origin"
        case .srt: "SRT sender"
        }
    }

    /// The name of the program that plays this role.
    package var executableName: String {
        switch self {
        case .master: "bulkhead"
        case .encoder: "bulkhead-encoder"
        case .source: "bulkhead-source"
        case .pluginHost: "bulkhead-plugin-host"
        case .decoder: "bulkhead-decoder"
        case .mixer: "bulkhead-mixer"
        case .recorder: "bulkhead-recorder"
        case .notifier: "bulkhead-notifier"
        case .chat: "bulkhead-chat"
        case .origin: "bulkhead-origin"
        case .srt: "bulkhead-srt"
        }
    }
}
