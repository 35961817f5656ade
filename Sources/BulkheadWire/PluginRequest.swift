package import BulkheadMedia

/// What the master asks of a plugin host.
package enum PluginRequest: WireMessage, Hashable {
    /// The pool to write results to; its descriptor comes along. Sent once, before all else but other pools,
    /// `breadcrumb` and `confine`.
    case resultPool(PoolShape, Canvas, FrameRate)
    /// A pool to read pictures from; its descriptor comes along.
    case pool(PoolShape)
    case dropPool(id: UInt32)
    /// Opens a library and puts it at the end of the chain; answered by `loaded` or `refused`.
    case load(PluginSettings)
    /// Takes a plugin out of the chain and closes it; answered by `unloaded`, also when there is none such.
    case unload(id: UInt32)
    /// Runs the chain on one picture, into `result` of the result pool; answered by `processed`.
    case process(frame: FrameNumber, pts: Int64, input: SlotReference, result: UInt32)
    /// Memory in which the host notes each call into a plugin, as ``PluginBreadcrumb``; its descriptor comes along.
    /// Sent at most once, before any plugin.
    case breadcrumb
    /// Has the host give up what it does not need: it may read `readablePaths` and what libraries lie beside, and write
    /// below `dataFolder` where that is not empty. Sent at most once, before any plugin.
    case confine(readablePaths: [String], dataFolder: String)
    /// Changes one parameter, written as a user would; answered by `parameterSet` or `refused`.
    case setParameter(id: UInt32, name: String, value: String)
    /// Lets a plugin take part, or passes it over while it stays loaded.
    case enable(id: UInt32, Bool)
    /// Puts a plugin to `position` in the chain, from 0; beyond the end it is the last.
    case move(id: UInt32, position: UInt32)
    /// Runs the chain on interleaved stereo at 48 kHz; answered by `processedAudio`. `firstSample` counts pairs.
    case processAudio(firstSample: Int64, samples: [Float])
    /// Tells plugins that take events; `kind` is one of `enum bulkhead_event_kind`.
    case event(kind: UInt32, pts: Int64, name: String, bytes: [UInt8])

    /// The floats of the longest block of sound.
    package static let maximumFloatCount = 16 * AudioFormat.floatsPerBlock
    /// The most paths of `confine`, and the bytes of one event.
    package static let maximumPathCount = 1024
    package static let maximumEventByteCount = 1 << 20

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .resultPool(let shape, let canvas, let frameRate):
            WireFrame(.pluginResultPool, descriptor: true) {
                shape.write(to: &$0)
                $0.write(UInt16(canvas.width))
                $0.write(UInt16(canvas.height))
                $0.write(frameRate.numerator)
                $0.write(frameRate.denominator)
            }
        case .pool(let shape): WireFrame(.pluginPool, descriptor: true) { shape.write(to: &$0) }
        case .dropPool(let id): WireFrame(.pluginDropPool) { $0.write(id) }
        case .load(let settings): WireFrame(.pluginLoad) { settings.write(to: &$0) }
        case .unload(let id): WireFrame(.pluginUnload) { $0.write(id) }
        case .process(let frame, let pts, let input, let result):
            WireFrame(.pluginProcess) {
                $0.write(frame)
                $0.write(pts)
                input.write(to: &$0)
                $0.write(result)
            }
        case .breadcrumb: WireFrame(.pluginBreadcrumb, descriptor: true) { _ in }
        case .confine(let readablePaths, let dataFolder):
            WireFrame(.pluginConfine) {
                $0.write(UInt16(clamping: min(readablePaths.count, Self.maximumPathCount)))
                for path in readablePaths.prefix(Self.maximumPathCount) { $0.write(path, atMost: 4096) }
                $0.write(dataFolder, atMost: 4096)
            }
        case .setParameter(let id, let name, let value):
            WireFrame(.pluginSetParameter) {
                $0.write(id)
                $0.write(name, atMost: 256)
                $0.write(value, atMost: 4096)
            }
        case .enable(let id, let isEnabled):
            WireFrame(.pluginEnable) {
                $0.write(id)
                $0.write(isEnabled)
            }
        case .move(let id, let position):
            WireFrame(.pluginMove) {
                $0.write(id)
                $0.write(position)
            }
        case .processAudio(let firstSample, let samples):
            WireFrame(.pluginProcessAudio, reserving: samples.count * 4 + 16) {
                $0.write(firstSample)
                $0.write(samples)
            }
        case .event(let kind, let pts, let name, let bytes):
            WireFrame(.pluginEvent, reserving: bytes.count + 64) {
                $0.write(kind)
                $0.write(pts)
                $0.write(name, atMost: 256)
                $0.write(bytes)
            }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .pluginResultPool?:
            let shape = try PoolShape(&reader)
            let width = Int(try reader.read(UInt16.self))
            let height = Int(try reader.read(UInt16.self))
            guard let canvas = Canvas(width: width, height: height) else { throw reader.outsideRange("canvas") }
            let numerator = try reader.read(UInt32.self)
            let denominator = try reader.read(UInt32.self)
            guard let frameRate = FrameRate(numerator, denominator) else { throw reader.outsideRange("frame rate") }
            self = .resultPool(shape, canvas, frameRate)
        case .pluginPool?: self = .pool(try PoolShape(&reader))
        case .pluginDropPool?: self = .dropPool(id: try reader.read())
        case .pluginLoad?: self = .load(try PluginSettings(&reader))
        case .pluginUnload?: self = .unload(id: try reader.read())
        case .pluginProcess?:
            self = .process(
                frame: try reader.read(), pts: try reader.read(), input: try SlotReference(&reader),
                result: try reader.read())
        case .pluginBreadcrumb?: self = .breadcrumb
        case .pluginConfine?:
            let count = Int(try reader.read(UInt16.self))
            guard count <= Self.maximumPathCount else { throw reader.outsideRange("path count") }
            var paths: [String] = []
            for _ in 0..<count { paths.append(try reader.readString(atMost: 4096, "path")) }
            self = .confine(readablePaths: paths, dataFolder: try reader.readString(atMost: 4096, "data folder"))
        case .pluginSetParameter?:
            self = .setParameter(
                id: try reader.read(), name: try reader.readString(atMost: 256, "parameter name"),
                value: try reader.readString(atMost: 4096, "parameter value"))
        case .pluginEnable?: self = .enable(id: try reader.read(), try reader.readBool("enabled flag"))
        case .pluginMove?: self = .move(id: try reader.read(), position: try reader.read())
        case .pluginProcessAudio?:
            let firstSample = try reader.read(Int64.self)
            self = .processAudio(firstSample: firstSample, samples: try reader.readStereo())
        case .pluginEvent?:
            self = .event(
                kind: try reader.read(), pts: try reader.read(), name: try reader.readString(atMost: 256, "name"),
                bytes: try reader.readBytes(atMost: Self.maximumEventByteCount, "event"))
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}

extension WireReader {
    /// Interleaved stereo, of the length that a block of sound may have.
    mutating func readStereo() throws(WireError) -> [Float] {
        let samples = try readFloats(atMost: PluginRequest.maximumFloatCount, "samples")
        guard samples.count % AudioFormat.channelCount == 0 else { throw outsideRange("samples") }
        return samples
    }
}
