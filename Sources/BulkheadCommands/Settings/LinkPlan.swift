import BulkheadMaster
import BulkheadModel
import BulkheadSelection

/// Makes destinations of links in words, and gives them what is said for all of them.
enum LinkPlan {
    /// What a configuration file says of one link.
    static func destination(
        _ words: LinkWords, number: Int, _ authority: String
    ) throws(BroadcastError) -> DestinationSettings {
        var destination = try server(words.servers[0], words, number: number, authority)
        for other in words.servers.dropFirst() {
            let settings = try server(other, words, number: number, authority)
            guard !settings.isFile, !destination.isFile else {
                throw BroadcastError(
                    .usage, "\(words.place): a link can't choose between a file and others",
                    advice: "give the file a link of its own")
            }
            destination.alternatives += settings.servers
        }
        destination.name = words.name ?? ""
        guard destination.name.utf8.count <= 40, !destination.name.contains(where: { $0.isNewline }) else {
            throw BroadcastError(
                .usage, "\(words.place): the link's name is too long", advice: "use 40 letters or less")
        }
        if let rule = words.rule { destination.rule = try self.rule(rule, "\(words.place): rule") }
        if let isRedundant = words.isRedundant { destination.isRedundant = isRedundant }
        if let hasScriptData = words.hasScriptData { destination.hasScriptData = hasScriptData }
        if let backfill = words.backfill {
            destination.backfillSeconds = try seconds(backfill, "\(words.place): backfill")
        }
        if let watch = words.watch { destination.watch = try conditions(watch, "\(words.place): watch") }
        try check(destination, number: number)
        return destination
    }

    private static func server(
        _ words: LinkWords.Server, _ link: LinkWords, number: Int, _ authority: String
    ) throws(BroadcastError) -> DestinationSettings {
        var settings = try DestinationWords.destination(words.server, number: number, authority)
        if words.key != nil, words.keyFile != nil {
            throw BroadcastError(.usage, "\(link.place): a server has a key and a key file", advice: "keep one of them")
        }
        if let key = words.key { settings.streamKey = key }
        if let file = words.keyFile { settings.streamKey = try DestinationWords.key(in: file) }
        if let weight = words.weight {
            settings.weight = try whole(weight, SettingRange.serverWeight, "\(link.place): weight")
        }
        if let priority = words.priority {
            settings.priority = try whole(priority, SettingRange.serverPriority, "\(link.place): priority")
        }
        return settings
    }

    /// What the flags, or the file's keys of the same names, say for all links. What a link says for itself in `own` is
    /// more, also where it is the standard.
    static func read(
        _ words: BroadcastWords, into destination: inout DestinationSettings, number: Int, own: LinkWords?
    ) throws(BroadcastError) {
        if let text = words.last(.rule) {
            let rule = try rule(text, BroadcastKey.rule.flag)
            if own?.rule == nil { destination.rule = rule }
        }
        if words.isOn(.redundant), own?.isRedundant == nil, !destination.isFile { destination.isRedundant = true }
        if words.isOn(.scriptData), own?.hasScriptData == nil, !destination.isFile { destination.hasScriptData = true }
        if let text = words.last(.backfill) {
            let seconds = try seconds(text, BroadcastKey.backfill.flag)
            if own?.backfill == nil { destination.backfillSeconds = seconds }
        }
        if let text = words.last(.linkWatch) {
            let conditions = try conditions(text, BroadcastKey.linkWatch.flag)
            if own?.watch == nil, !destination.isFile { destination.watch = conditions }
        }
        try check(destination, number: number)
    }

    /// What is told of the stream that goes to a platform.
    static func conditions(_ text: String, _ place: String) throws(BroadcastError) -> [SwitchCondition] {
        guard let conditions = SwitchCondition.list(text), conditions.allSatisfy(\.fitsLinks) else {
            throw BroadcastError(
                .usage, "\(place) \"\(text.prefix(60))\" is no list of conditions of a link",
                advice: "they begin with bitrate, size or keyframes: \"bitrate > 6M for 10s, keyframes > 4s\"; or off")
        }
        return conditions
    }

    private static func check(_ destination: DestinationSettings, number: Int) throws(BroadcastError) {
        if destination.isRedundant, destination.servers.count < 2 {
            throw BroadcastError(
                .usage, "destination \(number) is to be redundant and has one server only",
                advice: "name another one with --or, or under \"servers\"")
        }
        if destination.isFile, !destination.watch.isEmpty {
            throw BroadcastError(
                .usage, "destination \(number) is a file, and has no platform whose limits are watched",
                advice: "watch what goes out with --watch")
        }
        guard destination.servers.count <= SettingRange.mostServers else {
            throw BroadcastError(
                .usage, "destination \(number) has \(destination.servers.count) servers",
                advice: "name \(SettingRange.mostServers) at most")
        }
    }

    // MARK: values

    private static func rule(_ text: String, _ place: String) throws(BroadcastError) -> SelectionRule {
        guard let rule = SelectionRule(rawValue: text) else {
            throw BroadcastError(
                .usage, "\(place) \"\(text)\" is no rule",
                advice: "it takes " + SelectionRule.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return rule
    }

    private static func seconds(_ text: String, _ place: String) throws(BroadcastError) -> Double {
        guard let span = TimeSpan(text), SettingRange.backfillSeconds.contains(span.seconds) else {
            throw BroadcastError(
                .usage, "\(place) \"\(text)\" is out of range or no such value", advice: "it takes 0 to 60 seconds")
        }
        return span.seconds
    }

    private static func whole(
        _ text: String, _ range: ClosedRange<Int>, _ place: String
    ) throws(BroadcastError) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw BroadcastError(
                .usage, "\(place) \"\(text)\" is out of range or no such value",
                advice: "it takes \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
