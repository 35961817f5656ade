package import BulkheadControl
import BulkheadDanmaku
import BulkheadMaster
import BulkheadMedia
package import BulkheadModel
import Glibc

/// All that `bulkhead broadcast` is to do, checked as far as this process can.
package struct BroadcastPlan: Hashable, Sendable {
    package var settings: BroadcastSettings
    package var mode: RunMode
    /// Where this process's master is reached, if it has one.
    package var controlPath: String?
    /// Sockets for groups, beside it.
    package var doors: [ControlDoor] = []
    /// The folder of the children's programs; nil to look for it.
    package var libexec: String?
    package var isJSON: Bool

    /// Makes a plan of words.
    /// - Parameter environmentKey: what `BULKHEAD_STREAM_KEY` holds.
    /// - Throws: kind `usage` or `input`: one line that names the flag and says what it takes.
    package init(_ words: BroadcastWords, environmentKey: String? = nil) throws(BroadcastError) {
        // The mode comes first: it decides who creates anything at all.
        mode = try RunMode(words)
        var isAttaching = false
        if case .attach = mode { isAttaching = true }
        controlPath = try words.last(.control).map { (address) throws(BroadcastError) in
            try ControlAddress.path(from: address, flag: "--control")
        }
        if isAttaching, controlPath != nil {
            throw BroadcastError(
                .usage, "--control does not go with --attach: the master has its address already",
                advice: "leave one of them away")
        }
        if let key = [BroadcastKey.controlLook, .controlSteer].first(where: { words.last($0) != nil }) {
            guard !isAttaching else {
                throw BroadcastError(
                    .usage, "\(key.flag) does not go with --attach: the master has its sockets already",
                    advice: "give it to `bulkhead master`")
            }
            // The standard folder is this user's alone.
            guard controlPath != nil else {
                throw BroadcastError(
                    .usage, "\(key.flag) needs a socket that others can reach",
                    advice: "name one in a folder that the group may pass, with --control unix:PATH")
            }
            doors = try GroupDoors.doors(words)
        }
        if isAttaching, words.last(.libexec) != nil {
            throw BroadcastError(
                .usage, "--libexec does not go with --attach: the master creates the children",
                advice: "give it to `bulkhead master`")
        }
        libexec = words.last(.libexec).map(FilePaths.absolute)
        isJSON = words.isOn(.json)
        if let resumed = try ResumeWords.settings(words) {
            settings = resumed
            return
        }
        guard let canvas = Canvas(width: 1280, height: 720), let frameRate = FrameRate(30) else {
            throw BroadcastError(.internal, "1280x720 at 30 frames a second is no picture")
        }
        settings = BroadcastSettings(
            inputs: try words.located(.input) { () throws(BroadcastError) in
                try InputWords.inputs(words, attaching: isAttaching)
            },
            destinations: try words.located(.to) { () throws(BroadcastError) in
                try DestinationWords.destinations(words, environmentKey: environmentKey)
            }, canvas: canvas, frameRate: frameRate)
        settings.children = mode.children
        if words.last(.size) == nil { settings.sizeFollowsInput = true }
        if words.last(.fps) == nil { settings.rateFollowsInput = true }
        // Where no viewer waits, a standby would only take memory.
        if words.isOn(.fast) { settings.standby = .off }
        try CopyWords.check(words)
        try SettingWords.read(words, into: &settings)
        let plugins = try words.located(.plugin) { () throws(BroadcastError) in
            try words[.plugin].map { (word) throws(BroadcastError) in try PluginWord.choice(word) }
        }
        settings.plugins = try PluginChoice.named(plugins)
        if settings.children == .encoder, !settings.plugins.isEmpty {
            throw BroadcastError(
                .usage, "--plugin needs a plugin host, which --only encoder does not create",
                advice: "leave one of them away")
        }
        try ResumeWords.read(words, into: &settings)
        settings.origin = try words.located(.origin) { () throws(BroadcastError) in
            guard let text = words.last(.origin) else { return nil }
            guard ListenAddress(text, anyHost: ListenAddress.everywhere) != nil else {
                throw BroadcastError(
                    .usage, "--origin \"\(text)\" is no address to listen at",
                    advice: "write a port, as :8080, or an address and a port, as 127.0.0.1:8080")
            }
            return text
        }
        settings.switchPath = try words.located(.switch) { () throws(BroadcastError) in
            guard let text = words.last(.switch) else { return nil }
            let path = FilePaths.absolute(text)
            // What is wrong with it is to be said before anything is created.
            _ = try SwitchFile.settings(at: path, broadcast: "unix:/")
            return path
        }
        try ControlRoomWords.read(words, into: &settings)
        settings.originCertificate = try Self.certificate(words)
        if !words.timetable.isEmpty {
            settings.timetable = Timetable(zone: words.timezone, entries: words.timetable)
        }
        var notices = try NoticeWords.targets(words)
        notices += try words.located(.recordLibrary) { () throws(BroadcastError) in
            try LibraryWords.targets(words[.recordLibrary], recordings: words[.record], beside: notices.count)
        }
        if !notices.isEmpty { settings.notices = notices }
        settings.room = try words.last(.room).map { (name) throws(BroadcastError) in
            RoomSettings(
                try RoomWords.name(name, at: BroadcastKey.room.flag), fields: words.room?.fields ?? RoomFields())
        }
        let chats = try words.located(.chat) { () throws(BroadcastError) in try ChatWords.targets(words[.chat]) }
        if !chats.isEmpty {
            settings.chats = chats
            settings.room = settings.room ?? RoomSettings()
        }
        if words.isOn(.roomMetadata) {
            guard settings.room != nil else {
                throw BroadcastError(
                    .usage, "--room-metadata has nothing to say without a room", advice: "name one with --room NAME")
            }
            settings.room?.isInMetadata = true
        }
        try words.checkScenes(beside: settings.inputs)
        if !words.scenes.isEmpty { settings.scenes = words.scenes }
        settings.recordings = try words.located(.record) { () throws(BroadcastError) in
            try RecordingWords.recordings(words)
        }
        guard settings.recordsTracks != true || settings.recordings?.contains(where: \.isMP4) == true else {
            throw BroadcastError(
                .usage, "--record-tracks needs a recording in MP4", advice: "add --record show.mp4")
        }
        settings.replayPath = try words.located(.replayPath) { () throws(BroadcastError) in
            try RecordingWords.replayPath(words, isKept: settings.replaySeconds != nil)
        }
        settings.slatePath = try words.located(.slate) { () throws(BroadcastError) in
            try words.last(.slate).map { (text) throws(BroadcastError) in try Self.picturePath(text, .slate) } ?? ""
        }
        settings.slateLogoPath = try words.located(.slateLogo) { () throws(BroadcastError) in
            try words.last(.slateLogo).map { (text) throws(BroadcastError) in try Self.picturePath(text, .slateLogo) }
        }
        let isDrawn = settings.slateText != nil || settings.slateLogoPath != nil || settings.slateClock == true
        guard settings.slatePath.isEmpty || !isDrawn else {
            throw BroadcastError(
                .usage, "--slate is the whole picture: nothing is drawn on it",
                advice: "leave it away, or leave --slate-text, --slate-logo and --slate-clock away")
        }
        try settings.check()
        if settings.isFast, settings.durationSeconds == nil,
            settings.inputs.contains(where: InputWords.isEndless) || settings.inputs.allSatisfy(InputWords.isDrawn)
        {
            throw BroadcastError(
                .usage, "--fast with an input that never ends would run without end", advice: "add --duration")
        }
    }

    /// The path of the master whose broadcast is only to be shown: `--attach` without inputs and destinations; nil for
    /// words that mean a broadcast of their own.
    static func masterToComeBackTo(_ words: BroadcastWords) throws(BroadcastError) -> String? {
        guard words[.input].isEmpty, words.inputs.isEmpty, words[.to].isEmpty, words[.record].isEmpty,
            words.links.isEmpty, words.last(.resume) == nil,
            case .attach(let path) = try RunMode(words)
        else { return nil }
        return path
    }

    // MARK: values

    /// The certificate of the broadcast's own server; nil for none.
    private static func certificate(_ words: BroadcastWords) throws(BroadcastError) -> CertificateFiles? {
        let keys = [BroadcastKey.originTLSCert, .originTLSKey]
        let paths = keys.compactMap { words.last($0) }
        guard !paths.isEmpty else { return nil }
        guard paths.count == 2 else {
            throw BroadcastError(
                .usage, "\(keys[0].flag) and \(keys[1].flag) go together", advice: "name both files, or neither")
        }
        guard words.last(.origin) != nil else {
            throw BroadcastError(
                .usage, "\(keys[0].flag) is for the broadcast's own server, and there is none",
                advice: "add --origin :8443")
        }
        let files = paths.map { FilePaths.absolute($0) }
        for (key, path) in zip(keys, files) where access(path, R_OK) != 0 {
            throw BroadcastError(
                .usage, "\(key.flag) \"\(path)\" can't be read: \(String(cString: strerror(errno)))",
                advice: "it takes a file in PEM form")
        }
        return CertificateFiles(certificate: files[0], key: files[1])
    }

    private static func picturePath(_ text: String, _ key: BroadcastKey) throws(BroadcastError) -> String {
        let path = FilePaths.absolute(text)
        guard access(path, R_OK) == 0 else {
            throw BroadcastError(
                .usage, "\(key.flag) \"\(text)\" can't be read", advice: "it takes a picture, such as a PNG file")
        }
        return path
    }
}

extension BroadcastWords {
    /// Checks whether the names of scenes are clear beside those of inputs.
    /// - Throws: kind `usage`, naming the scene's place in the file.
    fileprivate func checkScenes(beside inputs: [InputSettings]) throws(BroadcastError) {
        for (index, scene) in scenes.enumerated() {
            do { try scene.checkName(inputs: inputs.compactMap(\.name), scenes: scenes[..<index].map(\.name)) } catch {
                let place = scenePlaces.indices.contains(index) ? "\(scenePlaces[index]): " : ""
                throw BroadcastError(
                    code: error.code, error.parameters, place + error.problem, advice: error.advice)
            }
        }
    }

    /// The value of `key`, or `standard` where it is not set.
    /// - Throws: kind `usage`, saying what the flag takes.
    func value<Value>(
        _ key: BroadcastKey, or standard: Value?, _ takes: String, _ read: (String) -> Value?
    ) throws(BroadcastError) -> Value {
        guard let text = last(key) else {
            guard let standard else { throw BroadcastError(.internal, "\(key.flag) has no standard value") }
            return standard
        }
        guard let value = read(text) else { throw Self.misfit(key, text, takes) }
        return value
    }

    /// As above, for what may stay unset.
    func optionalValue<Value>(
        _ key: BroadcastKey, or standard: Value?, _ takes: String, _ read: (String) -> Value?
    ) throws(BroadcastError) -> Value? {
        guard let text = last(key) else { return standard }
        guard let value = read(text) else { throw Self.misfit(key, text, takes) }
        return value
    }

    private static func misfit(_ key: BroadcastKey, _ text: String, _ takes: String) -> BroadcastError {
        BroadcastError(.usage, "\(key.flag) \"\(text)\" is out of range or no such value", advice: "it takes \(takes)")
    }
}
