package import BulkheadChildren
package import BulkheadFrames
package import BulkheadMedia
package import BulkheadModel
package import BulkheadSystem
package import BulkheadWire

/// The master's face of one plugin host, and of the pool it writes its results to. It lives on the reactor's thread.
package final class PluginStub {
    /// What the host has to say.
    package enum Report {
        /// Every plugin of the chain is loaded or refused.
        case loaded
        /// Why a plugin was not loaded.
        case refused(PluginID, Refusal)
        /// The result of ``PluginStub/process(_:pts:input:)``: the slot it is in, held once, or nil when nothing changed.
        case processed(FrameNumber, SlotReference?)
        /// The result of ``PluginStub/processSound(at:_:)``; nil when nothing changed.
        case processedSound(at: Int64, [Float]?)
        /// What a plugin took for a picture or a block.
        case took(PluginTime)
        /// A line from a plugin, or with nil from the host.
        case said(PluginID?, PluginLogLevel, String)
        /// The process is gone. The last report.
        case ended(ChildEnd)
    }

    /// Called with all that comes from the host.
    package var onReport: ((Report) -> Void)?

    /// The process.
    package let child: Child
    /// The pool that it writes to.
    package let pool: UInt32
    /// What is loaded, and what it can be given.
    package var loaded: [PluginID: PluginAbilities] { contract.loaded }
    /// All plugins of the chain are loaded or refused.
    package var isLoaded: Bool { contract.isLoaded }
    /// When it last said anything.
    package private(set) var lastSign = MonotonicTime.now
    /// It was stopped when it was looked at last.
    var wasStopped = false
    /// The broadcast was told that it is ready: not again when it takes over.
    var isReadyTold = false
    /// What it held of memory when its chain was loaded.
    package var firstByteCount: Int?
    /// The plugin that it is ended for, where the breadcrumb can't know.
    package var suspect: PluginID?

    private let pools: FramePools
    private let canvas: Canvas
    private let frameRate: FrameRate
    private let chain: [PluginSettings]
    private let readablePaths: [String]
    /// Where its plugins may write; empty for nowhere.
    let dataFolder: String
    private var note: SharedMapping?
    private var contract: HostContract
    private var knownPools: Set<UInt32> = []
    /// For the changes that the host has not answered, in their order.
    private var answers: [(HostAnswer) -> Void] = []

    /// - Parameters:
    ///   - chain: what it is to load.
    ///   - readablePaths: files and folders that the plugins may read.
    ///   - dataFolder: where they may write; empty for nowhere.
    ///   - pool: a new pool of `pools`, which this host will write to.
    package init(
        _ child: Child, chain: [PluginSettings], readablePaths: [String], dataFolder: String, canvas: Canvas,
        frameRate: FrameRate,
        pool: UInt32, of pools: FramePools
    ) {
        self.child = child
        self.chain = chain
        self.readablePaths = readablePaths
        self.dataFolder = dataFolder
        self.canvas = canvas
        self.frameRate = frameRate
        self.pool = pool
        self.pools = pools
        contract = HostContract(chain.map { PluginID(onWire: $0.id) }, at: .now)
        child.onGreeted = { [weak self] in self?.open() }
        child.onFrame = { [weak self] in self?.take($0) }
        child.onEnd = { [weak self] in self?.end($0) }
    }

    /// Begins to listen to the host. Call it once ``onReport`` is set.
    package func activate() {
        do { try child.activate() } catch { child.dismiss("it could not be watched: \(error)") }
    }

    /// Since when the host has owed its oldest answer; nil when it owes none.
    package var owesSince: MonotonicTime? { contract.owesSince }

    /// What the host has noted of its last call, where that concerns a plugin it was given. It can lie.
    package var breadcrumb: PluginBreadcrumb? {
        guard let note, let crumb = PluginBreadcrumb(in: note.base), crumb.plugin != 0,
            chain.contains(where: { $0.id == crumb.plugin })
        else { return nil }
        return crumb
    }

    // MARK: work

    /// Runs the chain on a picture. False when no result slot is free, or the picture is of another size.
    package func process(_ frame: FrameNumber, pts: MediaTime, input: SlotReference) -> Bool {
        guard contract.takesPicture, pools.canvas(of: input.pool) == canvas, announce(input.pool),
            let result = pools.lend(from: pool)
        else { return false }
        contract.gave(frame, result: result, at: .now)
        child.send(PluginRequest.process(frame: frame, pts: pts.nanoseconds, input: input, result: result))
        return true
    }

    /// Runs the chain on a block of sound that begins at `position`, in sample pairs. False when it can't.
    package func processSound(at position: Int64, _ samples: [Float]) -> Bool {
        guard contract.gaveSound(at: position, now: .now) else { return false }
        child.send(PluginRequest.processAudio(firstSample: position, samples: samples))
        return true
    }

    /// Tells the plugins that take events. What is not loaded yet is not told.
    package func tell(kind: UInt32, pts: MediaTime, name: String, _ bytes: [UInt8] = []) {
        guard isLoaded, loaded.values.contains(where: { $0.contains(.events) }) else { return }
        child.send(PluginRequest.event(kind: kind, pts: pts.nanoseconds, name: name, bytes: bytes))
    }

    /// Tells them of the room.
    package func tell(_ event: RoomEvent) {
        tell(kind: event.kind.rawValue, pts: event.time, name: event.name, event.bytes)
    }

    // MARK: changes

    /// Changes one parameter from the next frame on.
    /// - Parameter done: called once.
    package func setParameter(
        _ name: String, to value: String, of id: PluginID, done: @escaping (HostAnswer) -> Void
    ) {
        contract.asked(.parameter(name), of: id, at: .now)
        answers.append(done)
        child.send(PluginRequest.setParameter(id: id.onWire, name: name, value: value))
    }

    /// Takes a plugin out of the chain from the next frame on.
    package func unload(_ id: PluginID, done: @escaping (HostAnswer) -> Void) {
        contract.asked(.removal, of: id, at: .now)
        answers.append(done)
        child.send(PluginRequest.unload(id: id.onWire))
    }

    /// Lets a plugin take part from the next frame on, or leaves it out.
    package func setEnabled(_ id: PluginID, _ isEnabled: Bool) {
        child.send(PluginRequest.enable(id: id.onWire, isEnabled))
    }

    /// Puts what is loaded in the order of `ids`, from the next frame on.
    package func arrange(_ ids: [PluginID]) {
        for move in contract.arrange(ids) {
            child.send(PluginRequest.move(id: move.plugin.onWire, position: UInt32(move.position)))
        }
    }

    // MARK: pools

    /// The host gives up what it has mapped of pool `id`.
    package func dropPool(_ id: UInt32) {
        if knownPools.remove(id) != nil { child.send(PluginRequest.dropPool(id: id)) }
    }

    /// Hands a pool over that the host does not know yet: the first of its pictures is to be handed over, and no other pool
    /// is any concern of this host's.
    /// - Returns: false where that was not possible.
    private func announce(_ id: UInt32) -> Bool {
        guard !knownPools.contains(id) else { return true }
        guard let shape = pools.shape(of: id), let descriptor = try? pools.readerDescriptor(of: id) else {
            child.dismiss("the frame pool could not be handed over: no descriptor is free")
            return false
        }
        knownPools.insert(id)
        child.send(PluginRequest.pool(shape), descriptor: descriptor)
        return true
    }

    // MARK: conversation

    private func open() {
        guard let shape = pools.shape(of: pool), let descriptor = try? pools.writerDescriptor(of: pool) else {
            child.dismiss("its frame pool could not be handed over: no descriptor is free")
            return
        }
        sendNote()
        child.send(PluginRequest.confine(readablePaths: readablePaths, dataFolder: dataFolder))
        child.send(PluginRequest.resultPool(shape, canvas, frameRate), descriptor: descriptor)
        for plugin in chain { child.send(PluginRequest.load(plugin)) }
    }

    /// Without memory for it nobody is charged; the host works all the same.
    private func sendNote() {
        guard let memory = try? OwnedDescriptor(memfdNamed: "bulkhead-note", byteCount: PluginBreadcrumb.byteCount)
        else { return }
        note = try? SharedMapping(memory, byteCount: PluginBreadcrumb.byteCount, access: .readOnly)
        child.send(PluginRequest.breadcrumb, descriptor: memory)
    }

    private func take(_ frame: WireFrame) {
        lastSign = .now
        let reply: PluginReply
        do { reply = try PluginReply(frame) } catch {
            child.dismiss("it sent what can't be understood: \(error)")
            return
        }
        do throws(HostContract.Breach) { try take(reply) } catch { child.dismiss("\(error)") }
    }

    private func take(_ reply: PluginReply) throws(HostContract.Breach) {
        switch reply {
        case .ready:
            do { try pools.seal(pool) } catch {
                return child.dismiss("its frame pool could not be sealed: \(error)")
            }
            contract.becameReady()
            noteChain()
        case .loaded(let number, _, _, let abilities):
            try contract.noteLoaded(PluginID(onWire: number), abilities)
            noteChain()
        case .refused(let number, let refusal):
            let id = PluginID(onWire: number)
            switch try contract.refused(id) {
            case .plugin:
                onReport?(.refused(id, refusal))
                noteChain()
            case .change: answer(.refused(refusal))
            }
        case .parameterSet(let number, let name):
            try contract.parameterSet(name, of: PluginID(onWire: number))
            answer(.done)
        case .unloaded(let number):
            try contract.unloaded(PluginID(onWire: number))
            answer(.done)
        case .processed(let frame, let changed, let times):
            takePicture(frame, try contract.processed(frame), changed, times)
        case .processedAudio(let position, let changed, let samples, let times):
            try contract.processedSound(at: position)
            for time in times { onReport?(.took(time)) }
            onReport?(.processedSound(at: position, changed ? samples : nil))
        case .log(let id, let level, let text):
            if try contract.said(at: lastSign) {
                onReport?(.said(id == 0 ? nil : PluginID(onWire: id), level, text))
            }
        }
    }

    private func takePicture(_ frame: FrameNumber, _ slot: UInt32, _ changed: Bool, _ times: [PluginTime]) {
        for time in times { onReport?(.took(time)) }
        let result = SlotReference(pool: pool, slot: slot)
        if changed {
            _ = pools.takeFilled(result)
            onReport?(.processed(frame, result))
        } else {
            pools.takeUnfilled(result)
            onReport?(.processed(frame, nil))
        }
    }

    /// The oldest change is answered.
    private func answer(_ answer: HostAnswer) { if !answers.isEmpty { answers.removeFirst()(answer) } }

    private func noteChain() {
        guard contract.takeLoaded() else { return }
        firstByteCount = ProcessUse(of: child.pid)?.privateByteCount
        onReport?(.loaded)
    }

    private func end(_ end: ChildEnd) {
        let open = answers
        answers.removeAll()
        for done in open { done(.ended(cause: "\(end.cause)")) }
        onReport?(.ended(end))
    }
}
