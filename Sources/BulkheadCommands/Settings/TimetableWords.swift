import BulkheadMaster
import BulkheadMedia
import BulkheadModel
import Yams

/// Reads the list `timetable` of a configuration file.
///
///     timezone: Europe/Berlin
///     timetable:
///       - at: "0 1 * * *"
///         do: {scene: night}
///       - at: "30 20 * * fri"
///         do: {set: {video-bitrate: 4M}, scene: {take: show, fade: 1s}}
///       - at: "@hourly"
///         do:
///           - record: {mark: hour}
///           - input: {skip: music}
enum TimetableWords {
    static let key = "timetable"
    static let zoneKey = "timezone"
    /// What an entry can do, as its schema lists it.
    static let actions = ["set", "scene", "input", "plugin", "link", "record", "restart"]

    /// - Throws: kind `usage`, naming the file and the line.
    static func entries(_ node: Node, named file: String) throws(BroadcastError) -> [TimetableEntry] {
        if node.null != nil { return [] }
        guard case .sequence(let sequence) = node else {
            throw at(node, file, "\"timetable\" is a list", example)
        }
        guard sequence.count <= Timetable.mostEntries else {
            throw at(node, file, "\"timetable\" has more than \(Timetable.mostEntries) entries", "leave some away")
        }
        var entries: [TimetableEntry] = []
        for node in sequence { entries.append(try entry(node, file)) }
        return entries
    }

    /// - Throws: kind `usage`, where there is no such time zone.
    static func zone(_ node: Node, named file: String) throws(BroadcastError) -> String? {
        if node.null != nil { return nil }
        let name = try text(node, zoneKey, file)
        guard LocalClock.zone(name) != nil else {
            throw at(
                node, file, "there is no time zone \"\(name.prefix(64))\"",
                "write a name such as Europe/Berlin, or leave it away for the machine's own")
        }
        return name
    }

    private static func entry(_ node: Node, _ file: String) throws(BroadcastError) -> TimetableEntry {
        var schedule: CronSchedule?
        var steps: [(change: ChangeOnAir, text: String)]?
        for (key, value) in try pairs(of: node, file, "an entry of \"timetable\"", example) {
            switch key {
            // YAML reads a bare `on` as true, which some write for it.
            case "at":
                let words = try text(value, key, file)
                schedule = try located(value, file) { () throws(BroadcastError) in try CronSchedule(words) }
            case "do": steps = try actions(value, file)
            default:
                throw at(value, file, "an entry of \"timetable\" has no key \"\(key.prefix(40))\"", "it has at and do")
            }
        }
        guard let schedule else { throw at(node, file, "an entry of \"timetable\" says not when", example) }
        guard let steps, !steps.isEmpty else { throw at(node, file, "an entry of \"timetable\" does nothing", example) }
        return TimetableEntry(
            at: schedule, changes: steps.map(\.change), text: steps.map(\.text).joined(separator: ", "))
    }

    private typealias Step = (change: ChangeOnAir, text: String)

    private static func actions(_ node: Node, _ file: String) throws(BroadcastError) -> [Step] {
        if case .sequence(let sequence) = node {
            var steps: [Step] = []
            for node in sequence { steps += try actions(node, file) }
            return steps
        }
        var steps: [Step] = []
        for (key, value) in try pairs(of: node, file, "\"do\"", example) {
            switch key {
            case "set": steps.append(try settings(value, file))
            case "scene": steps.append(try scene(value, file))
            case "input": steps += try inputs(value, file)
            case "plugin": steps += try plugins(value, file)
            case "link": steps += try links(value, file)
            case "record": steps += try records(value, file)
            case "restart":
                let word = try text(value, key, file)
                guard let part = RestartablePart(rawValue: word) else {
                    let parts = RestartablePart.allCases.map(\.rawValue).joined(separator: ", ")
                    throw at(value, file, "\"\(word.prefix(40))\" can't be restarted", "there are \(parts)")
                }
                steps.append((.restart(part), "restart \(word)"))
            default:
                throw at(
                    value, file, "a timetable can't do \"\(key.prefix(40))\"",
                    "it can \(actions.joined(separator: ", "))")
            }
        }
        return steps
    }

    private static func settings(_ node: Node, _ file: String) throws(BroadcastError) -> Step {
        var words: [String] = []
        for (key, value) in try pairs(of: node, file, "\"set\"", "write {video-bitrate: 4M}") {
            words.append("\(key)=\(try text(value, key, file))")
        }
        let change = try located(node, file) { () throws(BroadcastError) in try SettingWords.change(words) }
        return (.set(change), "set \(words.joined(separator: " "))")
    }

    private static func scene(_ node: Node, _ file: String) throws(BroadcastError) -> Step {
        if case .scalar(let scalar) = node { return (.scene(.take(scalar.string, .cut)), "scene \(scalar.string)") }
        var name: String?
        var transition = Transition.cut
        for (key, value) in try pairs(of: node, file, "\"scene\"", "write a name, or {take: NAME, fade: 1s}") {
            let word = try text(value, key, file)
            if key == "take" {
                name = word
                continue
            }
            guard let kind = Transition.Kind(rawValue: key), kind != .cut, let time = TimeSpan(word),
                time.seconds * 1000 <= Double(Transition.millisecondRange.upperBound), transition == .cut
            else {
                throw at(
                    value, file, "a scene is not taken by \"\(key.prefix(20)): \(word.prefix(20))\"",
                    "write one of fade, dip and wipe, and a time up to a minute")
            }
            transition = Transition(kind, milliseconds: UInt32((time.seconds * 1000).rounded()))
        }
        guard let name else { throw at(node, file, "\"scene\" names none", "write {take: NAME, fade: 1s}") }
        return (.scene(.take(name, transition)), "scene \(name)")
    }

    private static func inputs(_ node: Node, _ file: String) throws(BroadcastError) -> [Step] {
        var steps: [Step] = []
        for (key, value) in try pairs(of: node, file, "\"input\"", "write {add: …}, {remove: NAME}, {take: NAME}") {
            switch key {
            case "add":
                var words = BroadcastWords()
                words.inputs = try InputEntry.read(.sequence([value]), named: file)
                words[.to] = ["file:"]
                let settings = try InputWords.inputs(words, attaching: true)
                for input in settings {
                    // Its address may hold a password.
                    steps.append((.input(.add(input)), "input add" + (input.name.map { " \($0)" } ?? "")))
                }
            case "remove", "reopen", "take", "skip":
                let word = try text(value, key, file)
                let change: ChangeOnAir =
                    switch key {
                    case "remove": .input(.remove(word))
                    case "reopen": .input(.reopen(word))
                    case "take": .scene(.take(word, .cut))
                    default: .input(.skip(word, file: nil))
                    }
                steps.append((change, "input \(key) \(word)"))
            default:
                throw at(
                    value, file, "\"\(key.prefix(40))\" can't be done to an input",
                    "there are add, remove, reopen, skip and take")
            }
        }
        return steps
    }

    private static func plugins(_ node: Node, _ file: String) throws(BroadcastError) -> [Step] {
        var steps: [Step] = []
        for (key, value) in try pairs(of: node, file, "\"plugin\"", "write {add: …} or {enable: NAME}") {
            if key == "add" {
                let words = try PluginEntries.words(.sequence([value]), at: place(of: value, file))
                for word in words {
                    let choice = try located(value, file) { () throws(BroadcastError) in try PluginWord.choice(word) }
                    let name = choice.name.isEmpty ? choice.shortName : choice.name
                    steps.append((.plugin(.add(choice, position: nil)), "plugin add \(name)"))
                }
                continue
            }
            let word = try text(value, key, file)
            let change: PluginChange? =
                switch key {
                case "remove": .remove(name: word)
                case "enable": .enable(name: word, true)
                case "disable": .enable(name: word, false)
                case "reload": .reload(name: word)
                case "pardon": .pardon(name: word)
                default: nil
                }
            guard let change else {
                throw at(
                    value, file, "\"\(key.prefix(40))\" can't be done to a plugin",
                    "there are add, remove, enable, disable, reload and pardon")
            }
            steps.append((.plugin(change), "plugin \(key) \(word)"))
        }
        return steps
    }

    private static func links(_ node: Node, _ file: String) throws(BroadcastError) -> [Step] {
        var steps: [Step] = []
        for (key, value) in try pairs(of: node, file, "\"link\"", "write {pause: NAME} or {retry: NAME}") {
            let word = try text(value, key, file)
            let change: LinkChange? =
                switch key {
                case "pause": .pause(word)
                case "retry": .retry(word)
                case "remove": .remove(word)
                default: nil
                }
            guard let change else {
                throw at(
                    value, file, "\"\(key.prefix(40))\" can't be done to a link", "there are pause, retry and remove")
            }
            steps.append((.link(change), "link \(key) \(word)"))
        }
        return steps
    }

    private static func records(_ node: Node, _ file: String) throws(BroadcastError) -> [Step] {
        if case .scalar(let scalar) = node, scalar.string == "save-replay" {
            return [(.saveReplay(path: nil), "save a replay")]
        }
        var steps: [Step] = []
        for (key, value) in try pairs(of: node, file, "\"record\"", "write {mark: TEXT} or save-replay") {
            let word = try text(value, key, file)
            switch key {
            case "mark":
                guard !word.allSatisfy(\.isWhitespace), word.utf8.count <= 255 else {
                    throw at(value, file, "a mark has a text of 1 to 255 bytes", "write {mark: TEXT}")
                }
                steps.append((.mark(word), "mark \(word)"))
            case "save-replay":
                let path = FilePaths.absolute(word)
                guard path.hasSuffix(".mp4") else {
                    throw at(value, file, "a replay is a file in MP4", "write NAME.mp4")
                }
                steps.append((.saveReplay(path: path), "save a replay"))
            default:
                throw at(value, file, "\"record\" can't do \"\(key.prefix(40))\"", "it can mark and save-replay")
            }
        }
        return steps
    }

    // MARK: nodes

    private static let example = "write \"- {at: \"0 1 * * *\", do: {scene: night}}\""

    private static func pairs(
        of node: Node, _ file: String, _ what: String, _ advice: String
    ) throws(BroadcastError) -> [(String, Node)] {
        guard case .mapping(let mapping) = node else {
            throw at(node, file, "\(what) is no list of keys with values", advice)
        }
        var pairs: [(String, Node)] = []
        for (key, value) in mapping {
            guard let word = key.string else { throw at(key, file, "a key is no plain word", "mend it there") }
            pairs.append((word, value))
        }
        return pairs
    }

    private static func text(_ node: Node, _ key: String, _ file: String) throws(BroadcastError) -> String {
        guard case .scalar(let scalar) = node else {
            throw at(node, file, "\"\(key)\" takes one value", "mend it there")
        }
        return scalar.string
    }

    private static func located<Value>(
        _ node: Node, _ file: String, _ body: () throws(BroadcastError) -> Value
    ) throws(BroadcastError) -> Value {
        do { return try body() } catch { throw at(node, file, error.problem, error.advice) }
    }

    private static func place(of node: Node, _ file: String) -> String {
        node.mark.map { "\(file), line \($0.line)" } ?? file
    }

    private static func at(_ node: Node, _ file: String, _ problem: String, _ advice: String) -> BroadcastError {
        BroadcastError(.usage, "\(place(of: node, file)): \(problem)", advice: advice)
    }
}
