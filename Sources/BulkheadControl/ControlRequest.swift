package import BulkheadModel

/// What a client asks of a master through its control socket: one JSON object a line (docs/control.md).
package enum ControlRequest: Hashable, Sendable {
    case status
    /// Ends the broadcast cleanly; sent a second time, at once.
    case stop
    /// Starts a broadcast; events follow on the same connection until it ends or the client goes away.
    case broadcast(BroadcastSettings)
    /// Asks for the events from now on.
    case events
    /// Changes settings on air; answered when they are in effect.
    case set(SettingsChange)
    /// Starts a part anew without a gap; answered when its successor is on its way, the encoder's when it is on air.
    case restart(RestartablePart)
    /// Asks the encoder on air for an IDR.
    case keyframe
    /// Changes the chain of plugins; answered when the change is in effect.
    case plugin(PluginChange)
    /// Asks for the deaths of children in this broadcast.
    case deaths
    /// Changes the inputs on air; answered when the change is in effect: one that is added has been opened then.
    case input(InputChange)
    /// Changes what the program shows; answered when it is in effect.
    case scene(SceneChange)
    /// Changes how the program sounds; answered with the frame from which on it does.
    case audio(SoundChange)
    /// Changes the links on air; answered when it is under way.
    case link(LinkChange)
    /// Asks how the live room is.
    case room
    /// Asks for the latest comments; nil for as many as are kept.
    case comments(count: Int?)
    /// Changes the live room; answered when it is in effect, and handed to the disk.
    case changeRoom(RoomChange)
    /// Asks what a link, or each of all, knows of its servers and would choose; measured now or as it stands.
    case servers(link: String?, isMeasured: Bool)
    /// Saves the last seconds, or all that is kept, as a file; answered when that is complete.
    case saveReplay(path: String?, seconds: Double?)
    /// Marks this moment in what is recorded.
    case mark(String)
    /// Reads the broadcast's configuration again and follows what has changed in it; with a text, reads that in place of the file.
    case reload(ConfigurationText?)
    /// Asks for the next runs of the timetable.
    case timetable(count: Int?)
    /// Asks what has happened in the last day and since the beginning.
    case summary
    /// Says what a request would do, and does nothing.
    indirect case foresee(ControlRequest)
    /// Asks for the program as it is sent, from its newest IDR on; answered when it ends.
    case program
    /// Asks for small pictures of the inputs, as they are known, and for newer ones to be made.
    case thumbnails
    /// Ends or freezes a child, to see what becomes of it; answered when that is done to it.
    case drill(pid: Int32, ChildFault)

    /// Addresses of destinations stand in it, and with them stream keys.
    package var mayHoldKey: Bool {
        switch self {
        case .broadcast, .link(.add), .input(.add), .reload(.some): true
        case .foresee(let request): request.mayHoldKey
        case .status, .stop, .events, .set, .restart, .keyframe, .plugin, .deaths, .link, .input, .scene, .audio,
            .servers, .saveReplay, .mark, .room, .comments, .changeRoom, .reload, .timetable, .summary, .thumbnails,
            .program,
            .drill:
            false
        }
    }

    /// What stands behind `request` in a line; the raw values are stable.
    package enum Word: String, CaseIterable, Codable, Hashable, Sendable {
        case status, stop, broadcast, events, set, restart, keyframe, deaths, servers, reload, timetable, summary
        case addPlugin = "plugin.add"
        case removePlugin = "plugin.remove"
        case movePlugin = "plugin.move"
        case setPlugin = "plugin.set"
        case enablePlugin = "plugin.enable"
        case disablePlugin = "plugin.disable"
        case reloadPlugin = "plugin.reload"
        case pardonPlugin = "plugin.pardon"
        case addInput = "input.add"
        case removeInput = "input.remove"
        case renameInput = "input.rename"
        case reopenInput = "input.reopen"
        case skipInput = "input.skip"
        case chooseInput = "input.choose"
        case takeScene = "scene.take"
        case prepareScene = "scene.prepare"
        case addScene = "scene.add"
        case setScene = "scene.set"
        case removeScene = "scene.remove"
        case setStrip = "audio.set"
        case setProgram = "audio.program"
        case addLink = "link.add"
        case removeLink = "link.remove"
        case pauseLink = "link.pause"
        case moveLink = "link.move"
        case retryLink = "link.retry"
        case saveReplay = "recording.save-replay"
        case mark = "recording.mark"
        case room
        case comments = "room.comments"
        case setRoom = "room.set"
        case pin = "room.pin"
        case unpin = "room.unpin"
        case say = "room.say"
        case block = "room.block"
        case unblock = "room.unblock"
        case clearRoom = "room.clear"
        case thumbnails, program, drill
    }

    package var word: Word {
        switch self {
        case .status: .status
        case .stop: .stop
        case .broadcast: .broadcast
        case .events: .events
        case .set: .set
        case .restart: .restart
        case .keyframe: .keyframe
        case .deaths: .deaths
        case .servers: .servers
        case .plugin(.add): .addPlugin
        case .plugin(.remove): .removePlugin
        case .plugin(.move): .movePlugin
        case .plugin(.set): .setPlugin
        case .plugin(.enable(_, let isEnabled)): isEnabled ? .enablePlugin : .disablePlugin
        case .plugin(.reload): .reloadPlugin
        case .plugin(.pardon): .pardonPlugin
        case .input(.add): .addInput
        case .input(.remove): .removeInput
        case .input(.rename): .renameInput
        case .input(.reopen): .reopenInput
        case .input(.skip): .skipInput
        case .input(.choose): .chooseInput
        case .scene(.take): .takeScene
        case .scene(.prepare): .prepareScene
        case .scene(.add): .addScene
        case .scene(.set): .setScene
        case .scene(.remove): .removeScene
        case .audio(.strip): .setStrip
        case .audio(.program): .setProgram
        case .link(.add): .addLink
        case .link(.remove): .removeLink
        case .link(.pause): .pauseLink
        case .link(.move): .moveLink
        case .link(.retry): .retryLink
        case .saveReplay: .saveReplay
        case .mark: .mark
        case .reload: .reload
        case .timetable: .timetable
        case .summary: .summary
        case .foresee(let request): request.word
        case .room: .room
        case .comments: .comments
        case .changeRoom(.set): .setRoom
        case .changeRoom(.pin): .pin
        case .changeRoom(.unpin): .unpin
        case .changeRoom(.say): .say
        case .changeRoom(.block): .block
        case .changeRoom(.unblock): .unblock
        case .changeRoom(.clear): .clearRoom
        case .thumbnails: .thumbnails
        case .program: .program
        case .drill: .drill
        }
    }
}

extension ControlRequest: Codable {
    package init(from decoder: any Decoder) throws {
        let line = try decoder.container(keyedBy: ControlKey.self)
        let request = try ControlRequest(line)
        let isDryRun = try line.decodeIfPresent(Bool.self, forKey: .isDryRun) ?? false
        self = isDryRun ? .foresee(request) : request
    }

    private init(_ line: KeyedDecodingContainer<ControlKey>) throws {
        func value<Value: Decodable>(_ key: ControlKey) throws -> Value { try line.decode(Value.self, forKey: key) }
        switch try line.decode(Word.self, forKey: .request) {
        case .status: self = .status
        case .stop: self = .stop
        case .broadcast: self = .broadcast(try value(.settings))
        case .events: self = .events
        case .set: self = .set(try value(.changes))
        case .restart: self = .restart(try value(.part))
        case .keyframe: self = .keyframe
        case .deaths: self = .deaths
        case .servers:
            self = .servers(
                link: try line.decodeIfPresent(String.self, forKey: .link),
                isMeasured: try line.decodeIfPresent(Bool.self, forKey: .isMeasured) ?? false)
        case .addPlugin:
            self = .plugin(
                .add(try value(.plugin), position: try line.decodeIfPresent(Int.self, forKey: .position)))
        case .removePlugin: self = .plugin(.remove(name: try value(.name)))
        case .movePlugin: self = .plugin(.move(name: try value(.name), position: try value(.position)))
        case .setPlugin:
            self = .plugin(
                .set(
                    name: try value(.name), parameters: try value(.parameters),
                    folder: try line.decodeIfPresent(String.self, forKey: .folder) ?? ""))
        case .enablePlugin: self = .plugin(.enable(name: try value(.name), true))
        case .disablePlugin: self = .plugin(.enable(name: try value(.name), false))
        case .reloadPlugin: self = .plugin(.reload(name: try value(.name)))
        case .pardonPlugin: self = .plugin(.pardon(name: try value(.name)))
        case .addInput: self = .input(.add(try value(.input)))
        case .removeInput: self = .input(.remove(try value(.input)))
        case .renameInput: self = .input(.rename(try value(.input), name: try value(.name)))
        case .reopenInput: self = .input(.reopen(try value(.input)))
        case .skipInput:
            self = .input(
                .skip(
                    try line.decodeIfPresent(String.self, forKey: .input),
                    file: try line.decodeIfPresent(String.self, forKey: .file)))
        case .chooseInput: self = .input(.choose(try value(.input), try value(.mode)))
        case .takeScene:
            self = .scene(
                .take(
                    try line.decodeIfPresent(String.self, forKey: .scene),
                    try line.decodeIfPresent(Transition.self, forKey: .transition) ?? .cut))
        case .prepareScene: self = .scene(.prepare(try value(.scene)))
        case .addScene: self = .scene(.add(try value(.scene)))
        case .setScene: self = .scene(.set(try value(.scene)))
        case .removeScene: self = .scene(.remove(try value(.scene)))
        case .setStrip: self = .audio(.strip(try value(.input), try value(.strip)))
        case .setProgram: self = .audio(.program(try value(.program)))
        case .addLink: self = .link(.add(try value(.destination)))
        case .removeLink: self = .link(.remove(try value(.link)))
        case .pauseLink: self = .link(.pause(try value(.link)))
        case .moveLink: self = .link(.move(try value(.link), server: try value(.server)))
        case .retryLink:
            let from = try line.decodeIfPresent(Double.self, forKey: .fromSeconds)
            self = .link(.retry(try value(.link), from: from))
        case .saveReplay:
            self = .saveReplay(
                path: try line.decodeIfPresent(String.self, forKey: .path),
                seconds: try line.decodeIfPresent(Double.self, forKey: .seconds))
        case .mark: self = .mark(try value(.text))
        case .reload: self = .reload(try line.decodeIfPresent(ConfigurationText.self, forKey: .configuration))
        case .timetable: self = .timetable(count: try line.decodeIfPresent(Int.self, forKey: .count))
        case .summary: self = .summary
        case .room: self = .room
        case .comments: self = .comments(count: try line.decodeIfPresent(Int.self, forKey: .count))
        case .setRoom: self = .changeRoom(.set(try value(.fields)))
        case .pin: self = .changeRoom(.pin(try value(.pin)))
        case .unpin: self = .changeRoom(.unpin)
        case .say: self = .changeRoom(.say(try value(.saying)))
        case .block: self = .changeRoom(.block(try value(.block)))
        case .unblock: self = .changeRoom(.unblock(try value(.block)))
        case .clearRoom:
            self = .changeRoom(.clear(isAll: try line.decodeIfPresent(Bool.self, forKey: .isAll) ?? false))
        case .thumbnails: self = .thumbnails
        case .program: self = .program
        case .drill: self = .drill(pid: try value(.pid), try value(.fault))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var line = encoder.container(keyedBy: ControlKey.self)
        try line.encode(word, forKey: .request)
        switch self {
        case .status, .stop, .events, .keyframe, .deaths, .summary, .room, .changeRoom(.unpin), .thumbnails,
            .program:
            break
        case .drill(let pid, let fault):
            try line.encode(pid, forKey: .pid)
            try line.encode(fault, forKey: .fault)
        case .comments(let count): try line.encodeIfPresent(count, forKey: .count)
        case .changeRoom(.set(let fields)): try line.encode(fields, forKey: .fields)
        case .changeRoom(.pin(let pin)): try line.encode(pin, forKey: .pin)
        case .changeRoom(.say(let saying)): try line.encode(saying, forKey: .saying)
        case .changeRoom(.block(let block)), .changeRoom(.unblock(let block)): try line.encode(block, forKey: .block)
        case .changeRoom(.clear(let isAll)): try line.encode(isAll, forKey: .isAll)
        case .broadcast(let settings): try line.encode(settings, forKey: .settings)
        case .set(let change): try line.encode(change, forKey: .changes)
        case .restart(let part): try line.encode(part, forKey: .part)
        case .servers(let link, let isMeasured):
            try line.encodeIfPresent(link, forKey: .link)
            try line.encode(isMeasured, forKey: .isMeasured)
        case .plugin(.add(let choice, let position)):
            try line.encode(choice, forKey: .plugin)
            try line.encodeIfPresent(position, forKey: .position)
        case .plugin(.move(let name, let position)):
            try line.encode(name, forKey: .name)
            try line.encode(position, forKey: .position)
        case .plugin(.set(let name, let parameters, let folder)):
            try line.encode(name, forKey: .name)
            try line.encode(parameters, forKey: .parameters)
            try line.encode(folder, forKey: .folder)
        case .plugin(.remove(let name)), .plugin(.enable(let name, _)), .plugin(.reload(let name)),
            .plugin(.pardon(let name)):
            try line.encode(name, forKey: .name)
        case .input(.add(let settings)): try line.encode(settings, forKey: .input)
        case .input(.rename(let input, let name)):
            try line.encode(input, forKey: .input)
            try line.encode(name, forKey: .name)
        case .input(.skip(let input, let file)):
            try line.encodeIfPresent(input, forKey: .input)
            try line.encodeIfPresent(file, forKey: .file)
        case .input(.choose(let input, let mode)):
            try line.encode(input, forKey: .input)
            try line.encode(mode, forKey: .mode)
        case .input(.remove(let input)), .input(.reopen(let input)): try line.encode(input, forKey: .input)
        case .scene(.take(let name, let transition)):
            try line.encodeIfPresent(name, forKey: .scene)
            if transition != .cut { try line.encode(transition, forKey: .transition) }
        case .scene(.add(let scene)), .scene(.set(let scene)): try line.encode(scene, forKey: .scene)
        case .scene(.prepare(let name)), .scene(.remove(let name)): try line.encode(name, forKey: .scene)
        case .audio(.strip(let input, let settings)):
            try line.encode(input, forKey: .input)
            try line.encode(settings, forKey: .strip)
        case .audio(.program(let settings)): try line.encode(settings, forKey: .program)
        case .link(.add(let destination)): try line.encode(destination, forKey: .destination)
        case .link(.move(let link, let server)):
            try line.encode(link, forKey: .link)
            try line.encode(server, forKey: .server)
        case .link(.remove(let link)), .link(.pause(let link)):
            try line.encode(link, forKey: .link)
        case .link(.retry(let link, let from)):
            try line.encode(link, forKey: .link)
            try line.encodeIfPresent(from, forKey: .fromSeconds)
        case .saveReplay(let path, let seconds):
            try line.encodeIfPresent(path, forKey: .path)
            try line.encodeIfPresent(seconds, forKey: .seconds)
        case .mark(let text): try line.encode(text, forKey: .text)
        case .reload(let text): try line.encodeIfPresent(text, forKey: .configuration)
        case .timetable(let count): try line.encodeIfPresent(count, forKey: .count)
        case .foresee(let request):
            try request.encode(to: encoder)
            try line.encode(true, forKey: .isDryRun)
        }
    }
}

extension ControlRequest.Word {
    /// The members of the line besides `request` and `id`, in the order of docs/control.md.
    package var keys: [ControlKey] {
        switch self {
        case .comments, .timetable: [.count]
        case .reload: [.configuration, .isDryRun]
        case .status, .stop, .events, .keyframe, .deaths, .summary, .room, .thumbnails, .program: []
        case .unpin: [.isDryRun]
        case .drill: [.pid, .fault]
        case .setRoom: [.fields, .isDryRun]
        case .pin: [.pin, .isDryRun]
        case .say: [.saying, .isDryRun]
        case .block, .unblock: [.block, .isDryRun]
        case .clearRoom: [.isAll, .isDryRun]
        case .broadcast: [.settings]
        case .set: [.changes, .isDryRun]
        case .restart: [.part, .isDryRun]
        case .servers: [.link, .isMeasured]
        case .addPlugin: [.plugin, .position, .isDryRun]
        case .movePlugin: [.name, .position, .isDryRun]
        case .setPlugin: [.name, .parameters, .folder, .isDryRun]
        case .removePlugin, .enablePlugin, .disablePlugin, .reloadPlugin, .pardonPlugin: [.name, .isDryRun]
        case .addInput: [.input, .isDryRun]
        case .removeInput, .reopenInput: [.input, .isDryRun]
        case .renameInput: [.input, .name, .isDryRun]
        case .skipInput: [.input, .file, .isDryRun]
        case .chooseInput: [.input, .mode, .isDryRun]
        case .takeScene: [.scene, .transition, .isDryRun]
        case .prepareScene, .addScene, .setScene, .removeScene: [.scene, .isDryRun]
        case .setStrip: [.input, .strip, .isDryRun]
        case .setProgram: [.program, .isDryRun]
        case .addLink: [.destination, .isDryRun]
        case .moveLink: [.link, .server, .isDryRun]
        case .removeLink, .pauseLink: [.link, .isDryRun]
        case .retryLink: [.link, .fromSeconds, .isDryRun]
        case .saveReplay: [.path, .seconds]
        case .mark: [.text]
        }
    }

    /// Keys that may be missing.
    package var optionalKeys: Set<ControlKey> {
        let optional: Set<ControlKey> =
            switch self {
            case .servers: [.link, .isMeasured]
            case .saveReplay: [.path, .seconds]
            case .takeScene: [.scene, .transition]
            case .addPlugin: [.position]
            case .reload: [.configuration]
            case .skipInput: [.input, .file]
            case .setPlugin: [.folder]
            case .comments, .timetable: [.count]
            case .clearRoom: [.isAll]
            case .retryLink: [.fromSeconds]
            default: []
            }
        return keys.contains(.isDryRun) ? optional.union([.isDryRun]) : optional
    }

    /// What answers the request when it is not refused.
    package var answers: [ControlReply.Word] {
        switch self {
        case .status: [.status]
        case .broadcast: [.event, .ended]
        case .events: [.done, .event]
        case .deaths: [.deaths]
        case .servers: [.servers]
        case .saveReplay: [.saved]
        case .mark: [.marked]
        case .reload: [.planned]
        case .timetable: [.timetable]
        case .summary: [.summary]
        case .room: [.room]
        case .comments: [.comments]
        case .thumbnails: [.thumbnails]
        case .program: [.program, .done]
        case .takeScene, .setStrip, .setProgram: [.changed]
        case .setScene: [.changed, .done]
        default: [.done]
        }
    }

    /// What the request asks for, in one line.
    package var meaning: String {
        switch self {
        case .status: "what the broadcast does"
        case .stop: "end the broadcast cleanly; sent a second time, at once"
        case .broadcast: "start a broadcast; events follow until it ends"
        case .events: "the events from now on"
        case .set: "change settings on air; answered when they are in effect"
        case .restart:
            "replace a child; answered when the new encoder is on air, or another child's successor is started"
        case .keyframe: "the next frame is encoded as an IDR"
        case .deaths: "the deaths of children in this broadcast, or in the last one"
        case .summary: "what has happened in the last day and since the beginning, and what is wrong now"
        case .servers: "what links know of their servers; `isMeasured` measures them first"
        case .addPlugin: "add a plugin to the chain, at its end or at `position`; answered when it is in effect"
        case .removePlugin: "remove a plugin from the chain"
        case .movePlugin: "move a plugin to `position`"
        case .setPlugin: "change parameters; the others stay as they are"
        case .enablePlugin: "let frames pass the plugin again"
        case .disablePlugin: "let frames pass by the plugin, which stays loaded"
        case .reloadPlugin: "load the plugin's library anew, in a new host"
        case .pardonPlugin: "let a plugin in again that is in quarantine or off"
        case .addInput: "open one more input; answered when it is open, or refused; it is not shown before it is taken"
        case .removeInput: "close an input; where its picture is shown, the next input's follows"
        case .renameInput: "give an input another name"
        case .reopenInput: "let an input begin anew: a file at its start, a live one with a new connection"
        case .skipInput:
            "play the next file of a playlist, or `file`; answered when it is chosen, and played when it is open"
        case .chooseInput:
            "show an input itself or one of its backups, and stay there (`main`, `backup`); `auto` lets conditions choose, `hold` stays"
        case .takeScene: "show a scene, a layout, or an input alone; without `scene`, what was prepared"
        case .prepareScene: "choose what is taken where nothing else is named"
        case .addScene: "add a scene"
        case .setScene: "put a scene in the place of the one with its name; one that is shown changes at a frame"
        case .removeScene: "forget a scene; what is shown stays"
        case .setStrip: "change what is done with an input's sound, without a click"
        case .setProgram: "change what is done with all sounds together"
        case .addLink: "add a destination; answered when the link is on its way"
        case .removeLink: "send what waits, say goodbye, and forget the link"
        case .pauseLink: "say goodbye; nothing waits for the link"
        case .moveLink:
            "go over to another of the link's servers at the next IDR; answered when the server is being prepared"
        case .retryLink:
            "end a pause, a wait or a failure; a paused link begins with the next IDR, or with the one at or before `fromSeconds`"
        case .reload:
            "read the configuration again, from its file or from `configuration`, and follow what has changed in it; a wrong one changes nothing"
        case .timetable: "the next runs of the timetable, `count` at most"
        case .mark: "mark this moment in what is recorded and kept for replays: it becomes a chapter"
        case .saveReplay:
            "save the last `seconds`, or all that is kept, as a file of its own; answered when that is complete"
        case .room: "the live room: its title, its notice, what is pinned and paid for, how comments are shown"
        case .comments: "the latest comments, `count` at most"
        case .setRoom: "set fields of the room; what is not named stays as it is"
        case .pin: "keep a comment in sight: one of the latest by its id, or words"
        case .unpin: "take the pinned comment off"
        case .say: "show a comment that was written in no chat"
        case .block: "keep comments with these words, or of these users, off the picture"
        case .unblock: "let them be shown again"
        case .clearRoom: "take comments off the picture; with `isAll` also what is pinned and paid for"
        case .thumbnails:
            "small pictures of the inputs, as far as there are any; asking has newer ones made, which the next answer holds"
        case .program:
            "the program as links get it, as pieces of an FLV file from the newest IDR on; `done` when the program ends"
        case .drill: "kill or freeze a child, to see what becomes of it; answered when that is done to it"
        }
    }
}

extension ControlRequest.Word {
    /// Whether `isDryRun` may stand in the line: what the request would do is said, and nothing is done.
    package var isForeseeable: Bool { keys.contains(.isDryRun) }
}

/// What is done to a child in a drill on air; the raw values are stable.
package enum ChildFault: String, CaseIterable, Codable, Hashable, Sendable {
    /// It dies at once.
    case kill
    /// It stands still, and does not answer any more.
    case freeze
}
