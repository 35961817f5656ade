package import BulkheadMedia

/// A plugin to load, and the values of its parameters by name.
package struct PluginSettings: Hashable, Sendable {
    /// Names the plugin in later messages.
    package var id: UInt32
    /// The library's path.
    package var path: String
    package var parameters: [String: String]

    package init(id: UInt32, path: String, parameters: [String: String]) {
        self.id = id
        self.path = path
        self.parameters = parameters
    }
}

/// What the master asks of a plugin host.
package enum PluginRequest: WireMessage, Hashable {
    /// The pool to write results to; its descriptor comes along. Sent once, before all else but other pools.
    case resultPool(PoolShape, Canvas, FrameRate)
    /// A pool to read pictures from; its descriptor comes along.
    case pool(PoolShape)
    case dropPool(id: UInt32)
    /// Opens a library and puts it at the end of the chain; answered by `loaded` or `refused`.
    case load(PluginSettings)
    /// Takes a plugin out of the chain and closes it; answered by `unloaded`.
    case unload(id: UInt32)
    /// Runs the chain on one picture, into `result` of the result pool; answered by `processed`.
    case process(frame: FrameNumber, pts: Int64, input: SlotReference, result: UInt32)

    package var frame: WireFrame {
        switch self {
        case .resultPool(let shape, let canvas, let frameRate):
            WireFrame(0x50, descriptor: true) {
                shape.write(to: &$0)
                $0.write(UInt16(canvas.width))
                $0.write(UInt16(canvas.height))
                $0.write(frameRate.numerator)
                $0.write(frameRate.denominator)
            }
        case .pool(let shape): WireFrame(0x51, descriptor: true) { shape.write(to: &$0) }
        case .dropPool(let id): WireFrame(0x52) { $0.write(id) }
        case .load(let settings):
            WireFrame(0x53) {
                $0.write(settings.id)
                $0.write(settings.path, atMost: 4096)
                $0.write(UInt16(clamping: settings.parameters.count))
                for (name, value) in settings.parameters.sorted(by: { $0.key < $1.key }).prefix(Int(UInt16.max)) {
                    $0.write(name, atMost: 256)
                    $0.write(value, atMost: 4096)
                }
            }
        case .unload(let id): WireFrame(0x54) { $0.write(id) }
        case .process(let frame, let pts, let input, let result):
            WireFrame(0x55) {
                $0.write(frame)
                $0.write(pts)
                input.write(to: &$0)
                $0.write(result)
            }
        }
    }

    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.type {
        case 0x50:
            let shape = try PoolShape(&reader)
            let width = Int(try reader.read(UInt16.self))
            let height = Int(try reader.read(UInt16.self))
            guard let canvas = Canvas(width: width, height: height) else { throw reader.outsideRange("canvas") }
            let numerator = try reader.read(UInt32.self)
            let denominator = try reader.read(UInt32.self)
            guard let frameRate = FrameRate(numerator, denominator) else { throw reader.outsideRange("frame rate") }
            self = .resultPool(shape, canvas, frameRate)
        case 0x51: self = .pool(try PoolShape(&reader))
        case 0x52: self = .dropPool(id: try reader.read())
        case 0x53:
            let id = try reader.read(UInt32.self)
            let path = try reader.readString(atMost: 4096, "path")
            let count = try reader.read(UInt16.self)
            var parameters: [String: String] = [:]
            for _ in 0..<count {
                let name = try reader.readString(atMost: 256, "parameter name")
                parameters[name] = try reader.readString(atMost: 4096, "parameter value")
            }
            self = .load(PluginSettings(id: id, path: path, parameters: parameters))
        case 0x54: self = .unload(id: try reader.read())
        case 0x55:
            self = .process(
                frame: try reader.read(), pts: try reader.read(), input: try SlotReference(&reader),
                result: try reader.read())
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}

/// What a plugin host answers.
package enum PluginReply: WireMessage, Hashable {
    /// The result pool is mapped.
    case ready
    case loaded(id: UInt32, name: String, version: String)
    case refused(id: UInt32, Refusal)
    case unloaded(id: UInt32)
    /// The chain has run; `changed` is false when the result slot was not written and the input is to be used.
    case processed(frame: FrameNumber, changed: Bool)

    package var frame: WireFrame {
        switch self {
        case .ready: WireFrame(0x60) { _ in }
        case .loaded(let id, let name, let version):
            WireFrame(0x61) {
                $0.write(id)
                $0.write(name, atMost: 256)
                $0.write(version, atMost: 256)
            }
        case .refused(let id, let refusal):
            WireFrame(0x62) {
                $0.write(id)
                refusal.write(to: &$0)
            }
        case .unloaded(let id): WireFrame(0x63) { $0.write(id) }
        case .processed(let frame, let changed):
            WireFrame(0x64) {
                $0.write(frame)
                $0.write(changed)
            }
        }
    }

    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.type {
        case 0x60: self = .ready
        case 0x61:
            self = .loaded(
                id: try reader.read(), name: try reader.readString(atMost: 256, "name"),
                version: try reader.readString(atMost: 256, "version"))
        case 0x62: self = .refused(id: try reader.read(), try Refusal(&reader))
        case 0x63: self = .unloaded(id: try reader.read())
        case 0x64: self = .processed(frame: try reader.read(), changed: try reader.readBool("change flag"))
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}
