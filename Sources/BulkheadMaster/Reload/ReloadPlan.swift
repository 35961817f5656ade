package import BulkheadDanmaku
package import BulkheadModel

/// What a configuration says otherwise than it did when it was read last, as steps in which a broadcast on air follows.
///
/// Only what has changed in the file is touched: what somebody has changed on air meanwhile stays, unless the file has
/// another value for the very same thing.
package struct ReloadPlan: Sendable {
    /// What is done about one difference.
    package enum Step: Hashable, Sendable {
        case change(ChangeOnAir)
        case removeInput(InputSettings)
        case replaceInput(InputSettings, by: InputSettings)
        case removeLink(DestinationSettings)
        case replaceLink(DestinationSettings, by: DestinationSettings)
        case notices([NoticeTarget])
        case timetable(Timetable?)
        case recordings([RecordingSettings])
        case chats([ChatTarget])
        /// The room is the same; what is set of it is not.
        case room(RoomSettings)
        case slate(SlateSettings)
    }

    /// A step, and what a person is told of it.
    package struct Item: Hashable, Sendable {
        package var step: Step
        package var changes: [ChangeOutcome]
    }

    /// In this order.
    package private(set) var items: [Item] = []
    /// What can't change before the broadcast begins anew.
    package private(set) var pending: [ChangeOutcome] = []

    private let old: BroadcastSettings
    private let new: BroadcastSettings

    package init(from old: BroadcastSettings, to new: BroadcastSettings) {
        self.old = old
        self.new = new.keepingOrders(of: old)
        // What is referred to comes before what refers to it, and goes after it.
        let inputs = inputs()
        items += inputs.coming
        scenes()
        settings()
        items += inputs.going
        plugins()
        links()
        rest()
    }

    /// All of it, as it would be told.
    package var changes: [ChangeOutcome] { items.flatMap(\.changes) + pending }

    // MARK: settings

    /// The words that stand for a setting which is left to itself.
    private static let resting = ["loudness-target": "off", "watch": "off", "cbr": "false"]

    private mutating func settings() {
        var words: [String: String] = [:]
        var changes: [ChangeOutcome] = []
        for setting in Setting.all where setting.text(old) != setting.text(new) {
            guard !SlateSettings.names.contains(setting.name) else { continue }
            // A size that nobody has named is the input's, and not what stands here.
            let isNamed = setting.name != "size" || new.sizeFollowsInput != true
            guard setting.applies != .atStart, isNamed, let text = setting.text(new) ?? Self.resting[setting.name]
            else {
                pending.append(
                    ChangeOutcome(
                        setting.name, .atStart, value: isNamed ? setting.text(new) : nil,
                        reason: ReloadReason.of(setting.name)))
                continue
            }
            words[setting.name] = text
            changes.append(
                ChangeOutcome(setting.name, setting.applies == .takeover ? .takeover : .inPlace, value: text))
        }
        guard !words.isEmpty else { return }
        do { items.append(Item(step: .change(.set(try SettingsChange(words))), changes: changes)) } catch {
            // Each of them is a value of its setting, so that only how they go together can be wrong.
            pending += changes.map {
                ChangeOutcome($0.what, .atStart, value: $0.value, reason: ReloadReason.together)
            }
        }
    }

    // MARK: inputs and scenes

    private func title(_ input: InputSettings, in settings: BroadcastSettings) -> String {
        if let name = input.name { return "input \(name)" }
        return "input " + ((settings.inputs.firstIndex(of: input).map { "\($0 + 1)" }) ?? "")
    }

    private mutating func inputs() -> (coming: [Item], going: [Item]) {
        var (coming, going): ([Item], [Item]) = ([], [])
        for input in new.inputs where !old.inputs.contains(input) {
            let what = title(input, in: new)
            let before = input.name.flatMap { name in old.inputs.first { $0.name == name } }
            guard input.backup == nil, before?.backup == nil else {
                pending.append(ChangeOutcome(what, .atStart, reason: ReloadReason.backups))
                continue
            }
            guard let before, let name = input.name else {
                coming.append(Item(step: .change(.input(.add(input))), changes: [ChangeOutcome(what, .added)]))
                continue
            }
            var asBefore = input
            asBefore.strip = before.strip
            let isSoundAlone = asBefore == before
            coming.append(
                Item(
                    step: isSoundAlone
                        ? .change(.sound(.strip(name, input.strip ?? StripSettings())))
                        : .replaceInput(before, by: input),
                    changes: [ChangeOutcome(what, isSoundAlone ? .inPlace : .replaced)]))
        }
        for input in old.inputs where !new.inputs.contains(input) {
            if let name = input.name, new.inputs.contains(where: { $0.name == name }) { continue }
            going.append(Item(step: .removeInput(input), changes: [ChangeOutcome(title(input, in: old), .removed)]))
        }
        return (coming, going)
    }

    private mutating func scenes() {
        let (before, after) = (old.scenes ?? [], new.scenes ?? [])
        func item(_ change: SceneChange, _ name: String, _ way: ChangeOutcome.Way) -> Item {
            Item(step: .change(.scene(change)), changes: [ChangeOutcome("scene \(name)", way)])
        }
        for scene in after where !before.contains(scene) {
            let isThere = before.contains { $0.name == scene.name }
            items.append(item(isThere ? .set(scene) : .add(scene), scene.name, isThere ? .inPlace : .added))
        }
        for scene in before where !after.contains(where: { $0.name == scene.name }) {
            items.append(item(.remove(scene.name), scene.name, .removed))
        }
    }

    // MARK: plugins

    private mutating func plugins() {
        guard let before = try? PluginChoice.named(old.plugins), let after = try? PluginChoice.named(new.plugins),
            before != after
        else { return }
        func item(_ change: PluginChange, _ name: String, _ way: ChangeOutcome.Way) -> Item {
            Item(step: .change(.plugin(change)), changes: [ChangeOutcome("plugin \(name)", way)])
        }
        var chain = before
        for plugin in before {
            let successor = after.first { $0.name == plugin.name }
            if let successor, Self.isSameBut(plugin, successor) { continue }
            items.append(item(.remove(name: plugin.name), plugin.name, .removed))
            chain.removeAll { $0.name == plugin.name }
        }
        for (place, plugin) in after.enumerated() {
            guard let index = chain.firstIndex(where: { $0.name == plugin.name }) else {
                items.append(item(.add(plugin, position: place + 1), plugin.name, .takeover))
                chain.insert(plugin, at: min(place, chain.count))
                continue
            }
            let former = chain[index]
            if former.parameters != plugin.parameters {
                let changed = plugin.parameters.filter { former.parameters[$0.key] != $0.value }
                items.append(
                    item(
                        .set(name: plugin.name, parameters: changed, folder: plugin.folder), plugin.name, .inPlace))
            }
            if former.isEnabled != plugin.isEnabled {
                items.append(item(.enable(name: plugin.name, plugin.isEnabled), plugin.name, .inPlace))
            }
            guard index != place else { continue }
            items.append(item(.move(name: plugin.name, position: place + 1), plugin.name, .inPlace))
            chain.remove(at: index)
            chain.insert(plugin, at: min(place, chain.count))
        }
    }

    /// Whether one can become the other where it is: parameters that stand no more in the file would keep their values.
    private static func isSameBut(_ old: PluginChoice, _ new: PluginChoice) -> Bool {
        guard Set(old.parameters.keys).isSubset(of: new.parameters.keys) else { return false }
        var same = new
        (same.parameters, same.isEnabled) = (old.parameters, old.isEnabled)
        return same == old
    }

    // MARK: links

    private func title(_ link: DestinationSettings, in settings: BroadcastSettings) -> String {
        if !link.name.isEmpty { return "link \(link.name)" }
        guard settings.destinations.count > 1 else { return "link" }
        return "link " + ((settings.destinations.firstIndex(of: link).map { "\($0 + 1)" }) ?? "")
    }

    private mutating func links() {
        var going = old.destinations.filter { !new.destinations.contains($0) }
        for link in new.destinations where !old.destinations.contains(link) {
            let what = title(link, in: new)
            let index = going.firstIndex {
                link.name.isEmpty ? $0.name.isEmpty && $0.url == link.url : $0.name == link.name
            }
            guard let index else {
                items.append(Item(step: .change(.link(.add(link))), changes: [ChangeOutcome(what, .added)]))
                continue
            }
            let former = going.remove(at: index)
            items.append(Item(step: .replaceLink(former, by: link), changes: [ChangeOutcome(what, .replaced)]))
        }
        items += going.map {
            Item(step: .removeLink($0), changes: [ChangeOutcome(title($0, in: old), .removed)])
        }
    }

    // MARK: all else

    private mutating func rest() {
        if (old.notices ?? []) != (new.notices ?? []) {
            items.append(Item(step: .notices(new.notices ?? []), changes: [ChangeOutcome("notify", .inPlace)]))
        }
        if old.timetable != new.timetable {
            items.append(Item(step: .timetable(new.timetable), changes: [ChangeOutcome("timetable", .inPlace)]))
        }
        recordings()
        audience()
        let (slateBefore, slate) = (SlateSettings(old), SlateSettings(new))
        if slate != slateBefore {
            // Where nothing is encoded, the slate is drawn for the size of the input, once.
            if new.copies == true {
                pending.append(ChangeOutcome("slate", .atStart, reason: ReloadReason.copiedSlate))
            } else {
                items.append(Item(step: .slate(slate), changes: [ChangeOutcome("slate", .inPlace)]))
            }
        }
        func compare(_ name: String, _ path: KeyPath<BroadcastSettings, some Equatable>) {
            guard old[keyPath: path] != new[keyPath: path] else { return }
            pending.append(ChangeOutcome(name, .atStart, reason: ReloadReason.of(name)))
        }
        compare("origin", \.origin)
        compare("origin-tls-cert", \.originCertificate)
        compare("switch", \.switchPath)
        compare("control-room", \.controlRoom)
        compare("replay-path", \.replayPath)
        compare("name", \.name)
        compare("only", \.children)
    }

    private mutating func recordings() {
        let (before, after) = (old.recordings ?? [], new.recordings ?? [])
        guard before != after else { return }
        let isMore = before.allSatisfy(after.contains)
        let isLess = after.allSatisfy(before.contains)
        items.append(
            Item(
                step: .recordings(after),
                changes: [ChangeOutcome("record", isMore ? .added : isLess ? .removed : .replaced)]))
    }

    private mutating func audience() {
        let (chatsBefore, chats) = (old.chats ?? [], new.chats ?? [])
        guard let roomBefore = old.room, let room = new.room, roomBefore.name == room.name else {
            if old.room != new.room { pending.append(ChangeOutcome("room", .atStart, reason: ReloadReason.of("room"))) }
            if chatsBefore != chats {
                pending.append(ChangeOutcome("chat", .atStart, reason: ReloadReason.chatsWithoutRoom))
            }
            return
        }
        if room != roomBefore {
            items.append(Item(step: .room(room), changes: [ChangeOutcome("room", .inPlace)]))
        }
        guard chatsBefore != chats else { return }
        let isMore = chatsBefore.allSatisfy(chats.contains)
        let isLess = chats.allSatisfy(chatsBefore.contains)
        items.append(
            Item(step: .chats(chats), changes: [ChangeOutcome("chat", isMore ? .added : isLess ? .removed : .replaced)])
        )
    }

    // MARK: what was loaded

    /// What the broadcast follows once the steps are done: the new configuration, but for what can't change yet and for
    /// steps that failed, which the next reload tries again.
    package func base(without failed: [Step]) -> BroadcastSettings {
        var base = old
        (base.inputs, base.scenes, base.plugins) = (new.inputs, new.scenes, new.plugins)
        (base.destinations, base.notices, base.timetable) = (new.destinations, new.notices, new.timetable)
        for item in items {
            switch item.step {
            case .recordings: base.recordings = new.recordings
            case .chats: base.chats = new.chats
            case .room: base.room = new.room
            case .slate(let slate): slate.apply(to: &base)
            default: break
            }
        }
        for input in new.inputs where pending.contains(where: { $0.what == title(input, in: new) }) {
            base.inputs.removeAll { $0 == input }
            base.inputs += old.inputs.filter { $0.name == input.name }
        }
        if !failed.contains(where: \.isOfSettings) {
            for item in items {
                guard case .change(.set(let change)) = item.step else { continue }
                base = (try? change.applied(to: base)) ?? base
                if change.words["size"] != nil { base.sizeFollowsInput = nil }
                for name in change.words.keys where Setting.named(name)?.text(new) == nil {
                    if name == "loudness-target" { base.loudnessTarget = nil }
                    if name == "watch" { base.watch = nil }
                    if name == "cbr" { base.isConstantRate = nil }
                }
            }
        }
        for step in failed { undo(step, in: &base) }
        return base
    }

    private func undo(_ step: Step, in base: inout BroadcastSettings) {
        switch step {
        case .change(.input(.add(let input))): base.inputs.removeAll { $0 == input }
        case .change(.sound(.strip(let name, _))):
            for index in base.inputs.indices where base.inputs[index].name == name {
                base.inputs[index].strip = old.inputs.first { $0.name == name }?.strip
            }
        case .removeInput(let input): Self.restore(input, in: &base.inputs, as: old.inputs)
        case .replaceInput(let input, let successor):
            base.inputs = base.inputs.map { $0 == successor ? input : $0 }
        case .change(.link(.add(let link))): base.destinations.removeAll { $0 == link }
        case .removeLink(let link): Self.restore(link, in: &base.destinations, as: old.destinations)
        case .replaceLink(let link, let successor):
            base.destinations = base.destinations.map { $0 == successor ? link : $0 }
        case .change(.scene): base.scenes = old.scenes
        case .change(.plugin): base.plugins = old.plugins
        case .notices: base.notices = old.notices
        case .timetable: base.timetable = old.timetable
        case .recordings: base.recordings = old.recordings
        case .chats: base.chats = old.chats
        case .room: base.room = old.room
        case .slate: SlateSettings(old).apply(to: &base)
        case .change: break
        }
    }

    /// In its place, since one without a name is called by that.
    private static func restore<Value: Equatable>(_ value: Value, in values: inout [Value], as old: [Value]) {
        values.insert(value, at: min(old.firstIndex(of: value) ?? values.count, values.count))
    }
}

extension ReloadPlan.Step {
    fileprivate var isOfSettings: Bool {
        if case .change(.set) = self { true } else { false }
    }
}
