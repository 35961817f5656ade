package import BulkheadMedia

/// What the master asks of a mixer.
package enum MixerRequest: WireMessage, Hashable {
    /// The pool to write to, and the size of what is drawn; its descriptor comes along. Answered by `ready`. Sent once,
    /// before all work.
    case configure(PoolShape, Canvas)
    /// A pool to read pictures of that size from; its descriptor comes along.
    /// - hasAlpha: they have a plane of alpha.
    case pool(PoolShape, Canvas, hasAlpha: Bool = false)
    /// A pool that no later message names.
    case dropPool(id: UInt32)
    /// Draws a composition into `result` of the mixer's pool; answered by `composed`.
    case compose(frame: FrameNumber, Composition<SlotReference>, result: UInt32)

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .configure(let shape, let canvas):
            WireFrame(.mixerConfigure, descriptor: true) {
                shape.write(to: &$0)
                canvas.write(to: &$0)
            }
        case .pool(let shape, let canvas, let hasAlpha):
            WireFrame(.mixerPool, descriptor: true) {
                shape.write(to: &$0)
                canvas.write(to: &$0)
                $0.write(hasAlpha)
            }
        case .dropPool(let id): WireFrame(.mixerDropPool) { $0.write(id) }
        case .compose(let frame, let composition, let result):
            WireFrame(.mixerCompose, reserving: 64 + 80 * composition.pictures.count) {
                $0.write(frame)
                $0.write(result)
                composition.write(to: &$0)
            }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .mixerConfigure?: self = .configure(try PoolShape(&reader), try Canvas(&reader))
        case .mixerPool?:
            self = .pool(
                try PoolShape(&reader), try Canvas(&reader), hasAlpha: try reader.readBool("alpha flag"))
        case .mixerDropPool?: self = .dropPool(id: try reader.read())
        case .mixerCompose?:
            let number = try reader.read(FrameNumber.self)
            let result = try reader.read(UInt32.self)
            self = .compose(frame: number, try Composition(&reader), result: result)
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}

/// What a mixer answers.
package enum MixerReply: WireMessage, Hashable {
    /// The pool is mapped.
    case ready
    /// The picture is drawn. Frames are answered in the order in which they were asked for.
    case composed(frame: FrameNumber)

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .ready: WireFrame(.mixerReady) { _ in }
        case .composed(let frame): WireFrame(.mixerComposed) { $0.write(frame) }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .mixerReady?: self = .ready
        case .mixerComposed?: self = .composed(frame: try reader.read())
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}

extension Canvas {
    fileprivate func write(to writer: inout WireWriter) {
        writer.write(UInt16(width))
        writer.write(UInt16(height))
    }

    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        let width = Int(try reader.read(UInt16.self))
        let height = Int(try reader.read(UInt16.self))
        guard let canvas = Canvas(width: width, height: height) else { throw reader.outsideRange("canvas") }
        self = canvas
    }
}

extension PixelRectangle {
    fileprivate func write(to writer: inout WireWriter) {
        for number in [x, y, width, height] { writer.write(Int32(clamping: number)) }
    }

    /// Where the edges of an outline, which reaches beyond the canvas, may be.
    private static let outlineRange = -(1 << 20)...1 << 20

    fileprivate init(_ reader: inout WireReader, _ field: String) throws(WireError) {
        self.init(
            x: Int(try reader.read(Int32.self)), y: Int(try reader.read(Int32.self)),
            width: Int(try reader.read(Int32.self)), height: Int(try reader.read(Int32.self)))
        let fits = [x, y, width, height].allSatisfy(Self.outlineRange.contains)
        guard fits, width > 0, height > 0 else { throw reader.outsideRange(field) }
    }

    /// One within a picture: with even edges, none of them negative.
    fileprivate init(even reader: inout WireReader, _ field: String) throws(WireError) {
        try self.init(&reader, field)
        guard [x, y, width, height].allSatisfy({ $0 >= 0 && $0 % 2 == 0 }) else { throw reader.outsideRange(field) }
    }
}

extension PictureLayer {
    fileprivate func write(to writer: inout WireWriter) {
        source.write(to: &writer)
        target.write(to: &writer)
        outline.write(to: &writer)
        writer.write(opacity)
        writer.write(UInt16(clamping: cornerRadius))
        writer.write(UInt16(clamping: borderWidth))
        writer.write(borderColor.y)
        writer.write(borderColor.cb)
        writer.write(borderColor.cr)
    }

    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        self.init(
            source: try PixelRectangle(even: &reader, "source"), target: try PixelRectangle(even: &reader, "target"),
            outline: try PixelRectangle(&reader, "outline"), opacity: try reader.read(),
            cornerRadius: Int(try reader.read(UInt16.self)), borderWidth: Int(try reader.read(UInt16.self)),
            borderColor: VideoColor(y: try reader.read(), cb: try reader.read(), cr: try reader.read()))
        let widest = min(outline.width, outline.height) / 2
        guard cornerRadius <= widest, borderWidth <= widest else { throw reader.outsideRange("corner or border") }
    }
}

extension Composition<SlotReference> {
    fileprivate func write(to writer: inout WireWriter) {
        writer.write(UInt8(clamping: groups.count))
        for group in groups {
            writer.write(group.opacity)
            group.clip.write(to: &writer)
            writer.write(UInt16(clamping: min(group.layers.count, Self.mostLayers)))
            for layer in group.layers.prefix(Self.mostLayers) {
                layer.picture.write(to: &writer)
                layer.placement.write(to: &writer)
            }
        }
    }

    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        let groupCount = Int(try reader.read(UInt8.self))
        guard groupCount <= Self.mostGroups else { throw reader.outsideRange("group count") }
        var groups: [Group] = []
        for _ in 0..<groupCount {
            let opacity = try reader.read(UInt8.self)
            let clip = try PixelRectangle(even: &reader, "clip")
            let layerCount = Int(try reader.read(UInt16.self))
            guard layerCount <= Self.mostLayers else { throw reader.outsideRange("layer count") }
            var layers: [Layer] = []
            for _ in 0..<layerCount {
                let slot = try SlotReference(&reader)
                layers.append(Layer(slot, try PictureLayer(&reader)))
            }
            groups.append(Group(layers, opacity: opacity, clip: clip))
        }
        self.init(groups)
    }
}
