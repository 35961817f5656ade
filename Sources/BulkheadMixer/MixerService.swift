package import BulkheadChildRuntime
import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadWire

/// A mixer's side of the conversation with the master: one request after the other, on one thread.
package final class MixerService {
    private struct Stage {
        let results: PoolMapping
        let compositor: Compositor
    }

    private struct Source {
        let mapping: PoolMapping
        let canvas: Canvas
        let hasAlpha: Bool
    }

    private let socket: WireSocket
    private var stage: Stage?
    private var pools: [UInt32: Source] = [:]

    /// A mixer that has said hello on `socket`.
    package init(_ socket: WireSocket) { self.socket = socket }

    /// Serves until the socket ends.
    /// - Throws: always in the end: `WireSocketError.closedByPeer` when all went well.
    package func run() throws {
        while true {
            guard var received = try socket.receive(MixerRequest.self) else { continue }
            guard let descriptor = received.descriptor.take() else {
                try serve(received.message)
                continue
            }
            try serve(received.message, descriptor)
        }
    }

    private func serve(_ request: MixerRequest, _ descriptor: consuming OwnedDescriptor) throws {
        switch request {
        case .configure(let shape, let canvas):
            let results = try map(shape, canvas.layout, descriptor, access: .readWrite)
            guard stage == nil else { throw MixerError.configuredTwice }
            stage = Stage(results: results, compositor: Compositor(canvas))
            try socket.send(MixerReply.ready)
        case .pool(let shape, let canvas, let hasAlpha):
            let layout = PictureLayout(canvas, hasAlpha: hasAlpha)
            let mapping = try map(shape, layout, descriptor, access: .readOnly)
            let known = pools.updateValue(
                Source(mapping: mapping, canvas: canvas, hasAlpha: hasAlpha), forKey: shape.id)
            guard known == nil else { throw MixerError.poolKnown(id: shape.id) }
        case .dropPool, .compose:
            descriptor.close()
            throw MixerError.unexpectedDescriptor
        }
    }

    private func serve(_ request: MixerRequest) throws {
        switch request {
        case .configure(let shape, _), .pool(let shape, _, _):
            throw MixerError.poolNotMapped(id: shape.id, reason: "its descriptor is missing")
        case .dropPool(let id):
            guard pools.removeValue(forKey: id) != nil else { throw MixerError.poolUnknown(id: id) }
        case .compose(let frame, let composition, let result):
            guard let stage else { throw MixerError.notConfigured }
            socket.reach(frame)
            guard let bytes = stage.results.bytes(of: result) else {
                throw MixerError.slotUnknown(pool: stage.results.shape.id, slot: result)
            }
            stage.compositor.draw(try pictures(of: composition, on: stage.compositor.canvas), into: bytes)
            try socket.send(MixerReply.composed(frame: frame))
        }
    }

    /// The pictures themselves, every one of which has what is taken of it.
    private func pictures(
        of composition: Composition<SlotReference>, on canvas: Canvas
    ) throws(MixerError) -> Composition<PictureView> {
        var views: [SlotReference: PictureView] = [:]
        for group in composition.groups {
            try check(group.clip, canvas)
            for layer in group.layers {
                let picture: PictureView
                if let known = views[layer.picture] { picture = known } else { picture = try view(of: layer.picture) }
                views[layer.picture] = picture
                try check(layer.placement.source, picture.canvas)
                try check(layer.placement.target, canvas)
            }
        }
        return composition.with { views[$0] }
    }

    private func view(of reference: SlotReference) throws(MixerError) -> PictureView {
        guard let source = pools[reference.pool] else { throw .poolUnknown(id: reference.pool) }
        guard let bytes = source.mapping.bytes(of: reference.slot),
            let view = PictureView(bytes, canvas: source.canvas, hasAlpha: source.hasAlpha)
        else { throw .slotUnknown(pool: reference.pool, slot: reference.slot) }
        return view
    }

    private func check(_ part: PixelRectangle, _ canvas: Canvas) throws(MixerError) {
        guard part.lies(within: canvas) else { throw .outsidePicture(part, canvas) }
    }

    private func map(
        _ shape: PoolShape, _ layout: PictureLayout, _ descriptor: consuming OwnedDescriptor,
        access: SharedMapping.Access
    ) throws(MixerError) -> PoolMapping {
        let mapping: PoolMapping
        do {
            mapping = try PoolMapping(shape, descriptor, access: access)
            descriptor.close()
        } catch {
            descriptor.close()
            throw .poolNotMapped(id: shape.id, reason: "\(error)")
        }
        guard Int(shape.slotByteCount) >= layout.byteCount else {
            throw .slotTooSmall(byteCount: Int(shape.slotByteCount), needed: layout.byteCount)
        }
        return mapping
    }
}
