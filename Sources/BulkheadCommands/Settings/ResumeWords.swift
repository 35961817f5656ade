import BulkheadMedia
package import BulkheadModel

/// What a person says of a broadcast's name, and of going on with one that was interrupted.
package enum ResumeWords {
    /// What may stand beside `--resume`: all else is what the broadcast had.
    private static let besides: Set<BroadcastKey> = [
        .resume, .resumeTimeline, .control, .controlLook, .controlSteer, .libexec, .json, .mode, .attach,
    ]

    /// Reads a name as a word of `key`.
    /// - Throws: kind `usage` for one that no file can have.
    static func name(_ text: String, _ key: BroadcastKey) throws(BroadcastError) -> String {
        guard RoomSettings.isName(text) else {
            throw BroadcastError(
                .usage, "\(key.flag) \"\(text)\" is no name of a broadcast",
                advice: "it has 1 to 64 letters, digits, -, . and _, and begins with a letter, a digit or _")
        }
        return text
    }

    /// The settings of a broadcast that is resumed: they are with what was kept of it, and here is only which one is meant. Nil
    /// where none is to be resumed by its name alone.
    static func settings(_ words: BroadcastWords) throws(BroadcastError) -> BroadcastSettings? {
        guard let text = words.last(.resume) else { return nil }
        let name = try words.located(.resume) { () throws(BroadcastError) in try Self.name(text, .resume) }
        var others = words.keys.subtracting(besides).map(\.flag)
        if !words.links.isEmpty { others.append("links") }
        if !words.scenes.isEmpty { others.append("scenes") }
        if !words.inputs.isEmpty { others.append("inputs") }
        guard others.isEmpty else {
            throw BroadcastError(
                .usage,
                "--resume goes on with what the broadcast had; \(others.sorted().joined(separator: ", ")) "
                    + "can't be given beside it",
                advice: "leave it away, and change it on air; or use --name \(name) --resume-if-interrupted")
        }
        guard let canvas = Canvas(width: 1280, height: 720), let frameRate = FrameRate(30) else {
            throw BroadcastError(.internal, "1280x720 at 30 frames a second is no picture")
        }
        var settings = BroadcastSettings(inputs: [], destinations: [], canvas: canvas, frameRate: frameRate)
        settings.name = name
        settings.resume = ResumeWish(timeline: try timeline(words), mayStart: false)
        return settings
    }

    /// What is to be done where `words` are no broadcast: one that was interrupted needs nothing of them but its name.
    /// - Parameters:
    ///   - words: of the flags, and of the configuration where that can be read.
    ///   - isResumable: whether a broadcast of that name was interrupted.
    /// - Returns: the plan to resume it; nil where it is not to be resumed, or there is nothing to resume.
    /// - Throws: kind `usage`, where what is said of the resuming is wrong.
    package static func plan(
        resuming words: BroadcastWords, where isResumable: (String) -> Bool
    ) throws(BroadcastError) -> BroadcastPlan? {
        guard words.isOn(.resumeIfInterrupted), let name = words.last(.name), isResumable(name) else { return nil }
        var own = BroadcastWords()
        // Which children there are was kept as well.
        for key in besides where key != .mode || words[.only].isEmpty { own[key] = words[key] }
        own[.resume] = [name]
        return try BroadcastPlan(own)
    }

    /// Reads the name of a broadcast that brings its settings, and whether it goes on where it was interrupted.
    static func read(_ words: BroadcastWords, into settings: inout BroadcastSettings) throws(BroadcastError) {
        settings.name = try words.located(.name) { () throws(BroadcastError) in
            try words.last(.name).map { (text) throws(BroadcastError) in try Self.name(text, .name) }
        }
        guard words.isOn(.resumeIfInterrupted) else {
            guard words.last(.resumeTimeline) == nil else {
                throw BroadcastError(
                    .usage, "--resume-timeline without --resume: nothing is resumed",
                    advice: "add --resume NAME, or --name NAME --resume-if-interrupted")
            }
            return
        }
        guard settings.name != nil else {
            throw BroadcastError(
                .usage, "--resume-if-interrupted needs to know which broadcast is meant", advice: "add --name NAME")
        }
        settings.resume = ResumeWish(timeline: try timeline(words), mayStart: true)
    }

    private static func timeline(_ words: BroadcastWords) throws(BroadcastError) -> ResumeWish.Timeline {
        try words.located(.resumeTimeline) { () throws(BroadcastError) in
            try words.value(.resumeTimeline, or: .continue, "continue or fresh") { ResumeWish.Timeline(rawValue: $0) }
        }
    }
}
