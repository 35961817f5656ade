package import BulkheadChildRuntime
import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadWire

/// A plugin host's side of the conversation with the master: one request after the other, on one thread.
package final class PluginHostService {
    private struct Stage {
        let results: PoolMapping
        let chain: PluginChain

        var canvas: Canvas { chain.stage.canvas }
    }

    private let socket: WireSocket
    private var pools: [UInt32: PoolMapping] = [:]
    private var stage: Stage?
    private let trail = CallTrail()
    private let shelf = PluginShelf()
    private var isConfined = false
    private var hasLoaded = false

    /// A host that has said hello on `socket` and loaded nothing.
    package init(_ socket: WireSocket) {
        self.socket = socket
        trail.isWireIntact = { socket.isIntact }
    }

    /// Serves until the socket ends.
    /// - Throws: always in the end: `WireSocketError.closedByPeer` when all went well.
    package func run() throws {
        while true {
            guard var received = try socket.receive(PluginRequest.self) else { continue }
            guard let descriptor = received.descriptor.take() else {
                try serve(received.message)
                continue
            }
            try serve(received.message, descriptor)
        }
    }

    private func serve(_ request: PluginRequest, _ descriptor: consuming OwnedDescriptor) throws {
        switch request {
        case .resultPool(let shape, let canvas, let frameRate):
            let results = try map(shape, descriptor, access: .readWrite)
            guard stage == nil else { throw PluginHostError.resultPoolTwice }
            try results.shut()
            guard Int(shape.slotByteCount) >= canvas.layout.byteCount else {
                throw PluginHostError.slotTooSmall(
                    byteCount: Int(shape.slotByteCount), needed: canvas.layout.byteCount)
            }
            stage = Stage(
                results: results, chain: PluginChain(PluginStage(canvas: canvas, frameRate: frameRate)))
            try socket.send(PluginReply.ready)
        case .pool(let shape):
            let mapping = try map(shape, descriptor, access: .readOnly)
            guard pools.updateValue(mapping, forKey: shape.id) == nil else {
                throw PluginHostError.poolKnown(id: shape.id)
            }
        case .breadcrumb:
            let memory = try note(in: descriptor)
            guard !trail.isKept else { throw PluginHostError.breadcrumbTwice }
            trail.keep(in: memory)
        default:
            descriptor.close()
            throw PluginHostError.unexpectedDescriptor
        }
    }

    private func serve(_ request: PluginRequest) throws {
        switch request {
        case .resultPool(let shape, _, _), .pool(let shape):
            throw PluginHostError.poolNotMapped(id: shape.id, reason: "its descriptor is missing")
        case .breadcrumb: throw PluginHostError.breadcrumbNotMapped(reason: "its descriptor is missing")
        case .dropPool(let id):
            guard pools.removeValue(forKey: id) != nil else { throw PluginHostError.poolUnknown(id: id) }
        case .confine(let readablePaths, let dataFolder):
            guard !isConfined, !hasLoaded else { throw PluginHostError.confinedLate }
            isConfined = true
            try confine(readablePaths: readablePaths, dataFolder: dataFolder)
        case .load(let settings): try socket.send(load(settings, into: currentStage().chain))
        case .unload(let id):
            try currentStage().chain.remove(id: id)
            try socket.send(PluginReply.unloaded(id: id))
        case .setParameter(let id, let name, let value):
            try socket.send(setParameter(name, to: value, of: id, in: currentStage().chain))
        case .enable(let id, let isEnabled): try currentStage().chain[id]?.isEnabled = isEnabled
        case .move(let id, let position): try currentStage().chain.move(id: id, to: Int(position))
        case .process(let frame, let pts, let input, let result):
            let stage = try currentStage()
            socket.reach(frame)
            guard let pool = pools[input.pool] else { throw PluginHostError.poolUnknown(id: input.pool) }
            let source = try picture(input.slot, of: pool, stage.canvas)
            let target = try picture(result, of: stage.results, stage.canvas)
            // Other slots hold pictures that wait for the encoder: a plugin that writes there ends here.
            let changed = try stage.results.withWritable(slot: result) {
                stage.chain.process(frame: frame, pts: pts, input: source, result: target)
            }
            try socket.send(PluginReply.processed(frame: frame, changed: changed, times: stage.chain.times))
        case .processAudio(let firstSample, var samples):
            let chain = try currentStage().chain
            let changed = chain.process(firstSample: firstSample, samples: &samples)
            try socket.send(
                PluginReply.processedAudio(
                    firstSample: firstSample, changed: changed, samples: changed ? samples : [], times: chain.times))
        case .event(let kind, let pts, let name, let bytes):
            try currentStage().chain.tell(kind: kind, pts: pts, name: name, bytes: bytes)
        }
    }

    private func load(_ settings: PluginSettings, into chain: PluginChain) -> PluginReply {
        guard chain[settings.id] == nil, settings.id != 0 else {
            return .refused(id: settings.id, Refusal(.settings, "plugin \(settings.id) is loaded already"))
        }
        hasLoaded = true
        // A master that has gone shows at the next request.
        let voice = PluginVoice(id: settings.id, trail: trail) { [socket] in try? socket.send($0) }
        do throws(Refusal) {
            let plugin = try shelf.instance(settings, stage: chain.stage, voice: voice)
            chain.append(PluginChain.Seat(settings, plugin, voice))
            return .loaded(
                id: settings.id, name: plugin.name, version: plugin.version, abilities: plugin.abilities)
        } catch {
            return .refused(id: settings.id, error)
        }
    }

    private func setParameter(_ name: String, to value: String, of id: UInt32, in chain: PluginChain) -> PluginReply {
        guard let seat = chain[id] else {
            return .refused(id: id, Refusal(.settings, "plugin \(id) isn't loaded"))
        }
        do throws(Refusal) {
            try seat.voice.during(.setParameter) { () throws(Refusal) in try seat.plugin.setParameter(name, to: value) }
            return .parameterSet(id: id, name: name)
        } catch {
            return .refused(id: id, error)
        }
    }

    /// Gives up what plugins must not have.
    private func confine(readablePaths: [String], dataFolder: String) throws {
        let report = Sandbox.enter(readablePaths: readablePaths, dataFolder: dataFolder)
        try socket.send(PluginReply.log(id: 0, report.isWhole ? .debug : .warning, report.summary))
    }

    private func currentStage() throws(PluginHostError) -> Stage {
        guard let stage else { throw .noResultPool }
        return stage
    }

    private func picture(
        _ slot: UInt32, of pool: PoolMapping, _ canvas: Canvas
    ) throws(PluginHostError) -> UnsafeMutableRawPointer {
        guard let bytes = pool.bytes(of: slot), let base = bytes.baseAddress else {
            throw .slotUnknown(pool: pool.shape.id, slot: slot)
        }
        guard bytes.count >= canvas.layout.byteCount else {
            throw .slotTooSmall(byteCount: bytes.count, needed: canvas.layout.byteCount)
        }
        return base
    }

    private func map(
        _ shape: PoolShape, _ descriptor: consuming OwnedDescriptor, access: SharedMapping.Access
    ) throws(PluginHostError) -> PoolMapping {
        do {
            let mapping = try PoolMapping(shape, descriptor, access: access)
            descriptor.close()
            return mapping
        } catch {
            descriptor.close()
            throw .poolNotMapped(id: shape.id, reason: "\(error)")
        }
    }

    private func note(in descriptor: consuming OwnedDescriptor) throws(PluginHostError) -> SharedMapping {
        do {
            let memory = try SharedMapping(descriptor, byteCount: PluginBreadcrumb.byteCount, access: .readWrite)
            descriptor.close()
            return memory
        } catch {
            descriptor.close()
            throw .breadcrumbNotMapped(reason: "\(error)")
        }
    }
}
