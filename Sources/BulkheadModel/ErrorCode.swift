/// What has failed, for programs: the kind, a period, and the fact. docs/control.md lists the codes.
package enum ErrorCode: String, Codable, Hashable, Sendable, CaseIterable {
    // Each kind's general code, for failures that programs need not tell apart.
    case usage = "usage.other"
    case input = "input.other"
    case destination = "destination.other"
    case someDestinations = "destinations.some-failed"
    case encoder = "encoder.other"
    case plugin = "plugin.other"
    case installation = "installation.other"
    case control = "control.other"
    case file = "file.other"
    case `internal` = "internal.other"

    // What a request asks for does not fit the broadcast.
    case notOnAir = "control.not-on-air"
    case broadcastRunning = "control.broadcast-running"
    case takesNoBroadcast = "control.takes-no-broadcast"
    case settingOutOfRange = "control.setting-out-of-range"
    case noLevel = "usage.no-level"
    case pluginNameTwice = "usage.plugin-name-twice"
    case noControlSocket = "usage.no-control-socket"
    case settingValue = "usage.setting-value"
    case unknownSetting = "usage.unknown-setting"
    case settingsConflict = "usage.settings-conflict"
    case unknownLink = "usage.unknown-link"
    case unknownInput = "usage.unknown-input"
    case inputName = "usage.input-name"
    case unknownScene = "usage.unknown-scene"
    case sceneName = "usage.scene-name"
    case unknownServer = "usage.unknown-server"
    case linkNameTwice = "usage.link-name-twice"
    case serverAddress = "usage.server-address"
    case unknownPlace = "usage.unknown-place"
    case unknownChild = "usage.unknown-child"
    case severalMasters = "usage.several-masters"
    case masterAddress = "usage.master-address"
    case tooFewDescriptors = "installation.too-few-descriptors"
    case childVersion = "installation.child-version"
    case noEnumerator = "installation.no-enumerator"
    case noProgram = "installation.no-program"
    case noProc = "installation.no-proc"
    case lastLink = "control.last-link"
    case changeUnderWay = "control.change-under-way"
    case changeSuperseded = "control.change-superseded"
    case broadcastOver = "control.broadcast-over"
    case noPluginHost = "control.no-plugin-host"
    case noMixer = "control.no-mixer"
    case copied = "control.copied"
    case hostEnded = "control.host-ended"
    case foreignEncoder = "control.foreign-encoder"
    case tooManyInputs = "control.too-many-inputs"
    case inputNotOpen = "control.input-not-open"
    case inputRemoved = "control.input-removed"
    case notInList = "usage.not-in-list"
    case tooManyLinks = "control.too-many-links"
    case linkNotOnAir = "control.link-not-on-air"
    case linkOver = "control.link-over"
    case linkWithoutServers = "control.link-without-servers"
    case serverInUse = "control.server-in-use"
    case noReplay = "control.no-replay"
    case tooManySaves = "control.too-many-saves"
    case noRecording = "control.no-recording"
    case markText = "usage.mark-text"
    case unknownFormat = "input.unknown-format"
    case unknownPlugin = "plugin.unknown"
    case tlsFailed = "destination.tls-failed"
    case unknownComment = "usage.unknown-comment"
    case roomValue = "usage.room-value"
    case noRoom = "control.no-room"
    case roomInUse = "control.room-in-use"
    case nameInUse = "control.name-in-use"
    case nothingToResume = "control.nothing-to-resume"
    case noConfiguration = "control.no-configuration"
    case unreachable = "destination.unreachable"
    case nothingSent = "destination.nothing-sent"

    // The conversation itself.
    case version = "control.version"
    case unknownRequest = "control.unknown-request"
    case badRequest = "control.bad-request"
    case lineTooLong = "control.line-too-long"
    case tooManyRequests = "control.too-many-requests"
    case tooManyUnanswered = "control.too-many-unanswered"
    case tooManyConnections = "control.too-many-connections"
    case notReading = "control.not-reading"
    case notAllowed = "control.not-allowed"

    // Found by the client; no master sends them.
    case noMaster = "control.no-master"
    case foreignMaster = "control.foreign-master"
    case noAnswer = "control.no-answer"
    case noneRunning = "control.none-running"
    case masterGone = "control.master-gone"
    case notReached = "control.not-reached"
    case connectionClosed = "control.connection-closed"
    case unreadableReply = "control.unreadable-reply"

    // A master can't listen.
    case addressTooLong = "control.address-too-long"
    case addressNotSocket = "control.address-not-a-socket"
    case addressUnusable = "control.address-unusable"
    case addressInUse = "control.address-in-use"

    // Destinations that are files.
    case fileExists = "file.exists"
    case diskFull = "file.disk-full"
    case noFolder = "file.no-folder"
    case notWritable = "file.not-writable"
    case resumeUnreadable = "file.resume-unreadable"

    /// The code of a failure of that kind which has none of its own.
    package init(generalOf kind: BroadcastError.Kind) {
        self =
            switch kind {
            case .usage: .usage
            case .input: .input
            case .destination: .destination
            case .someDestinations: .someDestinations
            case .encoder: .encoder
            case .plugin: .plugin
            case .installation: .installation
            case .control: .control
            case .file: .file
            case .internal: .internal
            }
    }

    /// The code `text`, or, where a newer version has more codes, the general one of its kind.
    package init(known text: String) {
        self = ErrorCode(rawValue: text) ?? ErrorCode(generalOf: Self.kind(of: text))
    }

    /// The kind that stands before the period.
    package var kind: BroadcastError.Kind { Self.kind(of: rawValue) }

    private static func kind(of text: String) -> BroadcastError.Kind {
        let word = text.prefix { $0 != "." }
        if word == "destinations" { return .someDestinations }
        return BroadcastError.Kind(rawValue: String(word)) ?? .internal
    }

    /// The names of the facts that go with the code.
    package var parameters: [String] {
        switch self {
        case .broadcastRunning, .noMaster, .masterGone, .notReached, .addressInUse, .addressTooLong, .addressNotSocket,
            .addressUnusable:
            ["address"]
        case .foreignMaster: ["address", "uid"]
        case .notAllowed: ["request", "role"]
        case .settingOutOfRange, .settingValue: ["setting"]
        case .noLevel: ["size", "fps"]
        case .pluginNameTwice, .unknownSetting, .unknownLink, .unknownInput, .inputName, .unknownScene, .sceneName,
            .inputNotOpen, .inputRemoved, .notInList,
            .unknownServer, .linkNameTwice, .unknownPlace, .unknownChild:
            ["name"]
        case .tooFewDescriptors: ["needed", "limit"]
        case .childVersion: ["child"]
        case .hostEnded: ["cause"]
        case .version: ["client", "master"]
        case .unknownRequest: ["request"]
        case .badRequest: ["key"]
        case .lineTooLong, .tooManyRequests, .tooManyUnanswered, .tooManyConnections, .notReading, .tooManyLinks,
            .tooManyInputs, .tooManySaves:
            ["maximum"]
        case .unknownComment: ["comment"]
        case .roomValue: ["field"]
        case .roomInUse: ["room"]
        case .nameInUse, .nothingToResume: ["name"]
        case .fileExists, .diskFull, .noFolder, .notWritable, .resumeUnreadable: ["path"]
        default: []
        }
    }

    /// What the code says, in one line.
    package var meaning: String {
        switch self {
        case .usage: "the wish can't be met as it stands"
        case .input: "an input can't be used"
        case .destination: "no destination can be used"
        case .someDestinations: "some destinations failed; the broadcast went on to the others"
        case .encoder: "the encoder can't work with the settings"
        case .plugin: "a plugin can't be used"
        case .installation: "a part of Bulkhead is missing or can't be started"
        case .control: "the request can't be carried out now"
        case .file: "a file can't be written"
        case .internal: "a fault of Bulkhead itself, or of this machine"
        case .notOnAir: "the master has no broadcast on air"
        case .broadcastRunning: "the master has a broadcast already"
        case .takesNoBroadcast: "the master belongs to one `bulkhead broadcast` and takes no other"
        case .settingOutOfRange: "a setting is outside its range"
        case .noLevel: "H.264 has no level for pictures of this size at this frame rate"
        case .pluginNameTwice: "two plugins of the chain have the same name"
        case .noControlSocket: "an encoder is to connect by itself, and the master has no socket for it"
        case .settingValue: "a word is no value of the setting"
        case .unknownSetting: "there is no such setting, or it can't be changed on air"
        case .settingsConflict: "two settings can't go together"
        case .unknownLink: "the broadcast has no such link"
        case .unknownInput: "the broadcast has no such input"
        case .inputName: "another input has that name, or it is none"
        case .unknownScene: "the broadcast has no such scene, and no such input"
        case .sceneName: "another scene has that name, or it is none"
        case .unknownServer: "the link has no such server, or several"
        case .linkNameTwice: "two links have the same name"
        case .serverAddress: "an address is none of a server"
        case .unknownPlace: "the chain has no such plugin or position"
        case .unknownChild: "no child of the broadcast has that process"
        case .severalMasters: "several masters run; one must be named"
        case .masterAddress: "an address is none of a master"
        case .tooFewDescriptors: "the process may open fewer files than a broadcast may need"
        case .childVersion: "the program of `child` speaks another schema than the master"
        case .noEnumerator: "the program that describes plugins is missing"
        case .noProc: "/proc is hidden or not mounted; frames are handed over by way of it"
        case .noProgram: "a child's program is missing, or is no program"
        case .lastLink: "the link is the last one, and a broadcast keeps one"
        case .changeUnderWay: "another change is being made"
        case .changeSuperseded: "another change came before this one was made"
        case .broadcastOver: "the broadcast ended before the change was made"
        case .noPluginHost: "the broadcast has no plugin host, in its mode or at the moment"
        case .noMixer: "no mixer is at work: one picture is shown alone"
        case .copied: "the input of this broadcast is copied as it is, and nothing of it can be changed"
        case .hostEnded: "the plugin host ended before it had made the change; it can be tried again"
        case .foreignEncoder: "the encoder connected by itself: the master can't change it"
        case .tooManyInputs: "the broadcast has `maximum` inputs already"
        case .inputNotOpen: "the input has not been opened, or is at its end"
        case .notInList: "the playlist has no such file, or none that follows, or the input is no playlist"
        case .inputRemoved: "the input was removed before it had been opened"
        case .tooManyLinks: "the broadcast has `maximum` links already"
        case .linkNotOnAir: "the link is not on air"
        case .linkOver: "the link has ended"
        case .linkWithoutServers: "the link is a file, or has no server to choose"
        case .noReplay: "the broadcast keeps nothing for replays, or has kept nothing yet"
        case .noRecording: "nothing is recorded that holds marks"
        case .markText: "a mark has no text, or a text of more than 255 bytes"
        case .tooManySaves: "`maximum` replays are being saved already"
        case .serverInUse: "the link is with the server already"
        case .unknownFormat: "an input is of no format that is known by its first bytes"
        case .unknownPlugin: "there is no such plugin"
        case .unknownComment: "none of the latest comments has that id"
        case .roomValue: "a field of the room can't have that value"
        case .noRoom: "the broadcast has no room"
        case .roomInUse: "another broadcast has the room"
        case .nameInUse: "another broadcast has the name"
        case .nothingToResume: "no broadcast of that name was interrupted"
        case .noConfiguration: "the broadcast was begun without a configuration file"
        case .unreachable: "no server of the destination can be reached"
        case .nothingSent: "the broadcast ended before a picture was sent to any destination"
        case .tlsFailed: "the TLS connection to a server can't be made, or its certificate is not trusted"
        case .version: "client and master speak different versions; the master closes the connection"
        case .unknownRequest: "the master does not know the request"
        case .badRequest: "the line is no request: `key` is missing, or its value does not fit"
        case .lineTooLong: "a line has more than `maximum` bytes; the master closes the connection"
        case .tooManyRequests: "more than `maximum` requests came in a second; the master closes the connection"
        case .tooManyUnanswered: "more than `maximum` requests wait for an answer; the master closes the connection"
        case .tooManyConnections: "`maximum` clients are connected already; the master closes the connection"
        case .notReading: "more than `maximum` bytes wait for the client; the master closes the connection"
        case .notAllowed: "the socket is for those who `role`, and `request` takes more"
        case .noMaster: "no master listens at the address"
        case .foreignMaster: "the socket belongs to another user; nothing was sent"
        case .noAnswer: "the master does not answer in time"
        case .noneRunning: "no master of this user runs"
        case .masterGone: "the master has ended, and its broadcast with it"
        case .notReached: "the address can't be connected to"
        case .connectionClosed: "the master closed the connection before it answered"
        case .unreadableReply: "the master's line is no reply that this version knows"
        case .addressTooLong: "the path is too long for a local socket"
        case .addressNotSocket: "something else than a socket is at the path"
        case .addressUnusable: "the path, or its folder, can't be used for a socket"
        case .addressInUse: "a master listens at the path already"
        case .fileExists: "the file exists; it is not overwritten"
        case .diskFull: "no space is left"
        case .noFolder: "the file's folder does not exist"
        case .notWritable: "this user may not write the file"
        case .resumeUnreadable: "what was kept of an interrupted broadcast can't be read"
        }
    }
}
