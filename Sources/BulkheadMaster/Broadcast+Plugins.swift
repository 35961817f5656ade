import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// The chain of plugins: every frame and all sound may pass it, none ever waits for it longer than the deadlines.
///
/// It is a row of places, each with a host: one for all plugins, or one for each. What leaves one place enters the next.
extension Broadcast {
    /// Makes the places and starts their hosts.
    func startChain() throws(BroadcastError) {
        let plugins = foundPlugins.map(newPlugin)
        switch settings.pluginIsolation {
        case .all: places = [newPlace(plugins)]
        case .each: places = plugins.map { newPlace([$0]) }
        }
        for place in places { try launchHost(place) }
    }

    func newPlugin(_ found: PluginFinder.Found) -> ChainPlugin {
        lastPluginID += 1
        return ChainPlugin(id: lastPluginID, found.choice, found.library)
    }

    /// Makes a place for `plugins` that is not in the chain yet.
    func newPlace(_ plugins: [ChainPlugin]) -> PluginPlace {
        var name = PluginPlace.sharedName
        if settings.pluginIsolation == .each, let plugin = plugins.first { name += " \(plugin.name)" }
        let place = PluginPlace(
            name: name, plugins: plugins, frameRate: frameRate, isPatient: settings.isFast, pools: pools, on: reactor)
        let id = ObjectIdentifier(place)
        place.onFrame = { [unowned self] in hasLeft(id, $0) }
        place.onSound = { [unowned self] in hasLeft(id, $0) }
        place.onWorked = { [unowned self] in
            if let place = self.place(id) { closeDeathRecords(of: place.name) }
        }
        place.onIdle = { [unowned self] in if let place = self.place(id) { takeNextHost(place) } }
        place.onProgress = { [unowned self] in
            lendSlots()
            pump()
        }
        return place
    }

    /// The places that have processes, wherever they stand.
    var allPlaces: [PluginPlace] { places + otherPlaces }

    /// All plugins, in the order in which they work.
    var chain: [ChainPlugin] { places.flatMap(\.plugins) }

    func place(of id: UInt32) -> PluginPlace? { places.first { $0.plugins.contains { $0.id == id } } }

    /// The settings say what the chain is, as it was asked for.
    func syncSettings() { settings.plugins = chain.map(\.choice) }

    /// At the start the first frame waits for the chain, so that no frame goes out unfiltered without need.
    var chainIsSettled: Bool {
        chain.isEmpty || places.allSatisfy { $0.slot.state == .ready }
            || MonotonicTime.now.since(startedAt) > Duration.seconds(3).nanoseconds
    }

    /// The broadcast does not wait for plugins for ever, and says so.
    func tellOfMissingPlugins() {
        for place in places where place.slot.state != .ready && !place.plugins.isEmpty {
            post(child(place.name), .pluginHost(.late(plugins: place.plugins.map(\.name))))
        }
    }

    // MARK: the way through

    /// Sends a picture on its way to the encoder, through the plugins where there are any.
    func filter(_ frame: TimelineFrame) {
        if borderWork.isEmpty { enter(frame, 0) } else { framesBeforeChain.append(frame) }
    }

    /// The same for sound.
    func filter(block number: Int64, _ samples: [Float]) {
        let block = AudioLedger.Block(number: number, samples: samples)
        if borderWork.isEmpty { enter(block, 0) } else { soundBeforeChain.append(block) }
    }

    private func enter(_ frame: TimelineFrame, _ index: Int) {
        guard places.indices.contains(index) else {
            if frame.isUnfiltered { framesUnfiltered += 1 }
            return give(frame)
        }
        places[index].pass(frame)
    }

    private func enter(_ block: AudioLedger.Block, _ index: Int) {
        guard places.indices.contains(index) else { return give(block: block.number, block.samples) }
        places[index].pass(block)
    }

    private func hasLeft(_ place: ObjectIdentifier, _ frame: TimelineFrame) {
        enter(frame, (places.firstIndex { ObjectIdentifier($0) == place } ?? places.count) + 1)
        workAtBorder()
    }

    private func hasLeft(_ place: ObjectIdentifier, _ block: AudioLedger.Block) {
        enter(block, (places.firstIndex { ObjectIdentifier($0) == place } ?? places.count) + 1)
        workAtBorder()
    }

    /// Nothing of the timeline is in the chain or waits before it.
    var chainIsEmpty: Bool {
        framesBeforeChain.isEmpty && soundBeforeChain.isEmpty && places.allSatisfy(\.isEmpty)
    }

    /// How many pictures wait for the chain or in it.
    var chainBacklog: Int { framesBeforeChain.count + places.reduce(0) { $0 + $1.waitingCount } }

    /// No sound has been on its way for long.
    var soundIsThrough: Bool { places.allSatisfy { $0.soundCount < 8 } }

    /// Does `work` as soon as nothing is in the chain; what comes meanwhile waits, no longer than the deadlines.
    func atBorder(_ work: @escaping () -> Void) {
        borderWork.append(work)
        workAtBorder()
    }

    private func workAtBorder() {
        guard !borderWork.isEmpty, places.allSatisfy(\.isEmpty) else { return }
        let work = borderWork
        borderWork.removeAll()
        for step in work { step() }
        let (frames, sound) = (framesBeforeChain, soundBeforeChain)
        framesBeforeChain.removeAll()
        soundBeforeChain.removeAll()
        for frame in frames { enter(frame, 0) }
        for block in sound { enter(block, 0) }
    }

    // MARK: what plugins hear and say

    private static let streamStateEvent: UInt32 = 3

    /// Tells all plugins that take events.
    func tellPlugins(_ kind: UInt32, _ name: String, _ bytes: [UInt8] = []) {
        let pts = frameRate.time(of: nextFrame)
        for place in places { place.host?.tell(kind: kind, pts: pts, name: name, bytes) }
    }

    /// Tells a host that goes on air, or all of them, what the stream does.
    func tellStreamState(to host: PluginStub? = nil) {
        let name =
            switch state {
            case .starting: "preparing"
            case .onAir: "live"
            case .ending, .ended: "ending"
            }
        guard let host else { return tellPlugins(Self.streamStateEvent, name) }
        host.tell(kind: Self.streamStateEvent, pts: frameRate.time(of: nextFrame), name: name)
    }

    func pluginSpoke(_ home: ObjectIdentifier, _ id: UInt32, _ level: PluginLogLevel, _ line: String) {
        guard level >= .notice, let place = place(home) else { return }
        let plugin = place.plugins.first { $0.id == id }
        let severity: Happening.Level = level >= .warning ? .warning : .notice
        if let plugin { return post(plugin.part, .plugin(.said(text: line, severity: severity))) }
        post(child(place.name), .child(.said(text: line, severity: severity)))
    }

    // MARK: status

    /// A place's processes as a user sees them.
    func status(_ place: PluginPlace) -> [ChildStatus] {
        let host = place.slot.status(place.host?.child)
        guard settings.standby != .off, place.plugins.contains(where: \.isActive) else { return [host] }
        return [host, place.standbySlot.status(place.standby?.child)]
    }

    var pluginStatus: [PluginStatus] {
        places.flatMap { place in
            place.plugins.map { plugin in
                let isThere = place.host?.loaded[plugin.id] != nil && place.host?.isLoaded ?? false
                return plugin.status(at: .now, host: isThere ? place.host?.child.pid : nil)
            }
        }
    }
}
