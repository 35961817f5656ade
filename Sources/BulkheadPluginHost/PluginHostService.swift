import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
package import BulkheadWire

/// A plugin host's side of the conversation with the master: one request after the other, on one thread.
package final class PluginHostService {
    private struct Stage {
        let results: PoolMapping
        let canvas: Canvas
        let frameRate: FrameRate
        let chain: PluginChain
    }

    private let socket: WireSocket
    private var pools: [UInt32: PoolMapping] = [:]
    private var stage: Stage?

    package init(_ socket: WireSocket) { self.socket = socket }

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
            guard Int(shape.slotByteCount) >= canvas.layout.byteCount else {
                throw PluginHostError.slotTooSmall(
                    byteCount: Int(shape.slotByteCount), needed: canvas.layout.byteCount)
            }
            stage = Stage(results: results, canvas: canvas, frameRate: frameRate, chain: PluginChain(canvas: canvas))
            try socket.send(PluginReply.ready)
        case .pool(let shape):
            let mapping = try map(shape, descriptor, access: .readOnly)
            guard pools.updateValue(mapping, forKey: shape.id) == nil else {
                throw PluginHostError.poolKnown(id: shape.id)
            }
        case .dropPool, .load, .unload, .process:
            descriptor.close()
            throw PluginHostError.unexpectedDescriptor
        }
    }

    private func serve(_ request: PluginRequest) throws {
        switch request {
        case .resultPool(let shape, _, _), .pool(let shape):
            throw PluginHostError.poolNotMapped(id: shape.id, reason: "its descriptor is missing")
        case .dropPool(let id):
            guard pools.removeValue(forKey: id) != nil else { throw PluginHostError.poolUnknown(id: id) }
        case .load(let settings):
            try socket.send(load(settings, into: currentStage()))
        case .unload(let id):
            guard try currentStage().chain.remove(id: id) else { throw PluginHostError.pluginUnknown(id: id) }
            try socket.send(PluginReply.unloaded(id: id))
        case .process(let frame, let pts, let input, let result):
            let stage = try currentStage()
            socket.reach(frame)
            guard let pool = pools[input.pool] else { throw PluginHostError.poolUnknown(id: input.pool) }
            let changed = stage.chain.process(
                frame: frame, pts: pts, input: try picture(input.slot, of: pool, stage.canvas),
                result: try picture(result, of: stage.results, stage.canvas))
            try socket.send(PluginReply.processed(frame: frame, changed: changed))
        }
    }

    private func load(_ settings: PluginSettings, into stage: Stage) -> PluginReply {
        guard !stage.chain.contains(id: settings.id) else {
            return .refused(id: settings.id, Refusal(.settings, "plugin \(settings.id) is loaded already"))
        }
        do throws(Refusal) {
            let plugin = try PluginInstance(settings, canvas: stage.canvas, frameRate: stage.frameRate)
            stage.chain.append(plugin)
            return .loaded(id: settings.id, name: plugin.library.name, version: plugin.library.version)
        } catch {
            return .refused(id: settings.id, error)
        }
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
}
