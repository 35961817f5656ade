import BulkheadFrames
import BulkheadMedia
import BulkheadSupervision
import BulkheadSystem
import BulkheadWire

/// The plugin host: every frame may pass it, none ever waits for it longer than the deadline.
extension Broadcast {
    /// How long a chain may take for one frame: where no viewer waits, as long as a host that works ever takes.
    private var filterDeadline: Duration {
        settings.isFast ? Self.hostPatience : .nanoseconds(max(interval.nanoseconds, 20_000_000))
    }
    /// A host that is late by this much does not work any more.
    static let hostPatience = Duration.seconds(1)

    /// Starts the plugin host, or the next one beside the one that works.
    func launchPluginHost() throws(BroadcastError) {
        let child: Child
        let pool: UInt32
        do {
            pool = try pools.create(settings.canvas, slotCount: maximumUncommitted + 16)
            child = try Child(.pluginHost, programs.launch(.pluginHost), on: reactor)
        } catch {
            throw BroadcastError(
                .installation, "the plugin host can't be started: \(error)",
                advice: launchAdvice(error))
        }
        let chain = settings.plugins.enumerated().map { index, choice in
            PluginSettings(id: UInt32(index + 1), path: choice.path, parameters: choice.parameters)
        }
        let stub = PluginStub(
            child, chain: chain, canvas: settings.canvas, frameRate: frameRate, pool: pool, of: pools)
        if let superseded = nextPluginHost {
            // It was for settings that have changed again.
            nextPluginHost = nil
            nextIsReady = false
            pools.retire(superseded.pool)
            retiredHosts.append(superseded)
            superseded.child.hangUp()
        }
        let isNext = pluginHost != nil
        if isNext { nextPluginHost = stub } else { pluginHost = stub }
        if !isNext { pluginSlot.state = .starting }
        childStarted()
        let id = ObjectIdentifier(stub)
        stub.onChainReady = { [unowned self] in chainReady(id) }
        stub.onRefused = { [unowned self] in pluginRefused($0, $1) }
        stub.onProcessed = { [unowned self] in processed($0, $1) }
        stub.onLog = { [unowned self] in pluginSaid($0, $1, $2) }
        stub.onEnd = { [unowned self] in pluginHostEnded(id, $0) }
        do { try child.activate() } catch { child.dismiss("it could not be watched: \(error)") }
        post(.notice, "plugin host", "started", "started", details: ["pid": "\(child.pid)"])
    }

    /// At the start the first frame waits for the chain, so that no frame goes out unfiltered without need.
    var chainIsSettled: Bool {
        settings.plugins.isEmpty || settings.children == .encoder || pluginSlot.state == .ready
            || MonotonicTime.now.since(startedAt) > Duration.seconds(3).nanoseconds
    }

    private func chainReady(_ id: ObjectIdentifier) {
        if let next = nextPluginHost, ObjectIdentifier(next) == id {
            nextIsReady = true
            return takeNextPluginHost()
        }
        pluginSlot.state = .ready
        let names = pluginHost?.loaded.sorted { $0.key < $1.key }.map(\.value).joined(separator: ", ") ?? ""
        post(.notice, "plugin host", "ready", names.isEmpty ? "ready, without plugins" : "ready with \(names)")
        startTimelineIfPossible()
        pump()
    }

    /// Puts the next host in the place of the one that works, between two frames.
    private func takeNextPluginHost() {
        guard nextIsReady, inFilter == nil, let next = nextPluginHost else { return }
        let old = pluginHost
        nextIsReady = false
        nextPluginHost = nil
        pluginHost = next
        pluginSlot.state = .ready
        post(
            .notice, "plugin host", "replaced", "the next one goes on from frame \(nextFrame)",
            details: ["pid": "\(next.child.pid)"])
        if let old {
            pools.retire(old.pool)
            retiredHosts.append(old)
            old.child.hangUp()
        }
        advanceFilter()
    }

    private func pluginSaid(_ id: UInt32, _ level: PluginLogLevel, _ line: String) {
        let choice = settings.plugins.indices.contains(Int(id) - 1) ? settings.plugins[Int(id) - 1].path : ""
        let name = choice.split(separator: "/").last.map { "plugin \($0)" } ?? "plugin host"
        post(level >= .warning ? .warning : .notice, "plugin host", "said", "\(name): \(line)")
    }

    private func pluginRefused(_ path: String, _ refusal: Refusal) {
        guard origin == nil, pluginSlot.restarts == 0 else {
            return post(.error, "plugin host", "refused", "\(path) can't be loaded: \(refusal)")
        }
        fail(BroadcastError(.plugin, "the plugin \(path) can't be loaded: \(refusal)"))
    }

    /// Sends a picture on its way to the encoder, through the plugins where there are any.
    func filter(_ frame: TimelineFrame) {
        filterQueue.append(frame)
        advanceFilter()
    }

    private func advanceFilter() {
        while inFilter == nil || filterIsLate, let frame = filterQueue.first {
            filterQueue.removeFirst()
            if !filterIsLate, let pluginHost,
                pluginHost.process(frame.frame, pts: frameRate.time(of: frame.frame), input: frame.slot)
            {
                inFilter = frame
                let number = frame.frame
                filterTimer = reactor.schedule(at: .now.advanced(by: filterDeadline)) { [weak self] in
                    self?.assumeIsolated { $0.filterMissed(number) }
                }
                return
            }
            if !settings.plugins.isEmpty, settings.children != .encoder { framesUnfiltered += 1 }
            give(frame)
        }
    }

    private func processed(_ number: FrameNumber, _ result: SlotReference?) {
        if let timer = filterTimer { reactor.cancel(timer) }
        filterTimer = nil
        let wasLate = filterIsLate
        filterIsLate = false
        guard !wasLate, let frame = inFilter, frame.frame == number else {
            // The frame has gone out unfiltered long since.
            if let result { pools.release(result) }
            inFilter = nil
            takeNextPluginHost()
            return advanceFilter()
        }
        inFilter = nil
        if !hostHasWorked { closeDeathRecords(of: "plugin host") }
        hostHasWorked = true
        takeNextPluginHost()
        if let result {
            pools.release(frame.slot)
            give(TimelineFrame(frame: number, slot: result))
        } else {
            give(frame)
        }
        advanceFilter()
        lendSlots()
        pump()
    }

    private func filterMissed(_ number: FrameNumber) {
        filterTimer = nil
        guard let frame = inFilter, frame.frame == number, !filterIsLate else { return }
        filterIsLate = true
        framesUnfiltered += 1
        give(frame)
        advanceFilter()
        pump()
    }

    private func pluginHostEnded(_ id: ObjectIdentifier, _ end: ChildEnd) {
        if let next = nextPluginHost, ObjectIdentifier(next) == id {
            pools.retire(next.pool)
            nextPluginHost = nil
            nextIsReady = false
            post(.warning, "plugin host", "not replaced", "the next one ended: \(end.cause)")
            return childEnded()
        }
        guard let ended = pluginHost, ObjectIdentifier(ended) == id else {
            retiredHosts.removeAll { ObjectIdentifier($0) == id }
            return childEnded()
        }
        let pid = ended.child.pid
        if let pool = pluginHost?.pool { pools.retire(pool) }
        pluginHost = nil
        if let timer = filterTimer { reactor.cancel(timer) }
        filterTimer = nil
        if let frame = inFilter, !filterIsLate {
            framesUnfiltered += 1
            give(frame)
        }
        inFilter = nil
        filterIsLate = false
        advanceFilter()
        defer { childEnded() }
        guard state != .ended else { return pluginSlot.state = .ended }
        let hadWorked = hostHasWorked
        hostHasWorked = false
        pluginSlot.lastEnd = "\(end.cause)"
        if end.cause != .released { postDeath("plugin host", end, pid: pid) }
        let delay = pluginSlot.policy.delay(afterDeathAt: .now, hadWorked: hadWorked)
        pluginSlot.noteRestart()
        if nextIsReady { return takeNextPluginHost() }
        restart(after: delay) { broadcast throws(BroadcastError) in try broadcast.launchPluginHost() }
    }
}
