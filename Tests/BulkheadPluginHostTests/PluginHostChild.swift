import BulkheadChildRuntime
import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Foundation
import Testing

/// A running plugin host with an input pool of two slots (7) and a result pool of three (8).
final class PluginHostChild {
    let child: ChildUnderTest<PluginReply>
    let canvas: Canvas
    /// The lines of plugins that came before the answers so far.
    private(set) var log: [PluginReply] = []
    /// What its sandbox came to, where it has one.
    let confinement: String?
    /// Where a host with a sandbox notes its calls.
    let notes: SharedMapping?
    let inputs: PoolMapping
    let results: PoolMapping
    /// What the plugins took for the last picture.
    private(set) var times: [PluginTime] = []

    /// - Parameter confined: what it may read, and where it may write; nil for a host without a sandbox.
    init(
        width: Int = 80, height: Int = 48, confined: (readable: [String], dataFolder: String)? = nil,
        variables: [String] = []
    ) throws {
        let canvas = try #require(Canvas(width: width, height: height))
        let child = try ChildUnderTest<PluginReply>(.pluginHost, variables: variables)
        if let confined {
            try child.send(
                PluginRequest.confine(readablePaths: confined.readable, dataFolder: confined.dataFolder))
            let reply = try child.reply()
            guard case .log(0, _, let summary) = reply else { throw ChildTestFailure.unexpected(reply) }
            confinement = summary
            let breadcrumb = try OwnedDescriptor(memfdNamed: "bulkhead-breadcrumb", byteCount: 4096)
            try child.send(PluginRequest.breadcrumb, passing: breadcrumb)
            notes = try SharedMapping(breadcrumb, byteCount: PluginBreadcrumb.byteCount, access: .readOnly)
            breadcrumb.close()
        } else {
            confinement = nil
            notes = nil
        }
        let input = try FramePool(id: 7, canvas: canvas, slotCount: 2)
        let result = try FramePool(id: 8, canvas: canvas, slotCount: 3)
        let writer = try result.writerDescriptor()
        results = try PoolMapping(result.shape, writer, access: .readWrite)
        try child.send(
            PluginRequest.resultPool(result.shape, canvas, #require(FrameRate(30))), passing: writer)
        writer.close()
        #expect(try child.reply() == .ready)
        try result.seal()
        let inputWriter = try input.writerDescriptor()
        inputs = try PoolMapping(input.shape, inputWriter, access: .readWrite)
        inputWriter.close()
        try input.seal()
        let reader = try input.readerDescriptor()
        try child.send(PluginRequest.pool(input.shape), passing: reader)
        reader.close()
        self.child = child
        self.canvas = canvas
    }

    /// Loads the library `name` from the folder of the built products, or from a path.
    func load(_ name: String, id: UInt32 = 1, _ parameters: [String: String] = [:]) throws -> PluginReply {
        let path = name.contains("/") ? name : "\(productFolder)/lib\(name).so"
        return try ask(.load(PluginSettings(id: id, path: path, parameters: parameters)))
    }

    /// The answer to `request`, behind what plugins have said before it.
    func ask(_ request: PluginRequest) throws -> PluginReply {
        try child.send(request)
        while true {
            let reply = try child.reply()
            guard case .log = reply else { return reply }
            log.append(reply)
        }
    }

    /// The refusal that loading comes to.
    func refusal(_ name: String, _ parameters: [String: String] = [:]) throws -> Refusal {
        let reply = try load(name, parameters)
        guard case .refused(1, let refusal) = reply else { throw ChildTestFailure.unexpected(reply) }
        return refusal
    }

    /// Sends a picture through the chain that is gray but for a moving band; whether it was changed.
    func processBand(frame: FrameNumber) throws -> Bool {
        let slot = try #require(inputs.bytes(of: 1))
        let layout = canvas.layout
        slot.initializeMemory(as: UInt8.self, repeating: 128)
        let top = Int(frame) * 4 % max(1, layout.luma.height - 8)
        let start = layout.luma.offset + top * layout.luma.stride
        slot[start..<start + 8 * layout.luma.stride].initializeMemory(as: UInt8.self, repeating: 220)
        let reply = try ask(
            .process(frame: frame, pts: frame * 33_333_333, input: SlotReference(pool: 7, slot: 1), result: 1))
        guard case .processed(frame, let changed, let times) = reply else { throw ChildTestFailure.unexpected(reply) }
        self.times = times
        return changed
    }

    /// Sends a picture through the chain; the result, or nil when the input is to be used.
    func process(_ picture: Picture, frame: FrameNumber = 5, pts: Int64 = 40) throws -> Picture? {
        let slot = try #require(inputs.bytes(of: 1))
        picture.write(to: slot, canvas.layout)
        let reply = try ask(
            .process(frame: frame, pts: pts, input: SlotReference(pool: 7, slot: 1), result: 1))
        guard case .processed(frame, let changed, let times) = reply else { throw ChildTestFailure.unexpected(reply) }
        self.times = times
        #expect(Picture(slot, canvas.layout) == picture, "the input is left as it was")
        return changed ? Picture(try #require(results.bytes(of: 1)), canvas.layout) : nil
    }
}

/// The pixels of an I420 picture, without padding.
struct Picture: Equatable {
    /// Luma, Cb, Cr; rows of pixels.
    var planes: [[[UInt8]]]

    /// A picture in which every pixel of a plane is another value than its neighbours, over the whole range.
    init(_ canvas: Canvas) {
        planes = canvas.layout.planes.enumerated().map { index, plane in
            (0..<plane.height).map { y in
                (0..<plane.width).map { UInt8(truncatingIfNeeded: $0 * 7 + y * 31 + index * 50) }
            }
        }
    }

    init(_ slot: UnsafeMutableRawBufferPointer, _ layout: PictureLayout) {
        planes = layout.planes.map { plane in
            (0..<plane.height).map { y in
                let start = plane.offset + y * plane.stride
                return Array(slot[start..<start + plane.width])
            }
        }
    }

    func write(to slot: UnsafeMutableRawBufferPointer, _ layout: PictureLayout) {
        for (plane, rows) in zip(layout.planes, planes) {
            for (y, row) in rows.enumerated() {
                for (x, pixel) in row.enumerated() { slot[plane.offset + y * plane.stride + x] = pixel }
            }
        }
    }

    /// Each pixel changed by `change(plane, x, y, pixel)`.
    func mapped(_ change: (Int, Int, Int, UInt8) -> UInt8) -> Picture {
        var picture = self
        for plane in planes.indices {
            for y in planes[plane].indices {
                for x in planes[plane][y].indices {
                    picture.planes[plane][y][x] = change(plane, x, y, planes[plane][y][x])
                }
            }
        }
        return picture
    }

    var inverted: Picture {
        mapped { plane, _, _, pixel in UInt8(clamping: (plane == 0 ? 251 : 256) - Int(pixel)) }
    }

    /// With a border `width` pixels wide in the color (Y, Cb, Cr).
    func bordered(_ width: Int, _ color: [UInt8]) -> Picture {
        mapped { plane, x, y, pixel in
            let border = plane == 0 ? width : width / 2
            let rows = planes[plane]
            let isInside =
                x >= border && x < rows[0].count - border && y >= border && y < rows.count - border
            return isInside ? pixel : color[plane]
        }
    }
}

/// Libraries that are compiled for one test from C.
final class TestLibrary {
    let path: String
    private let folder: URL

    /// The parts that a plugin has where a test says nothing else.
    private static let ending = """
        static int32_t create(const bulkhead_plugin *plugin, const bulkhead_host *host, const bulkhead_format *format,
                              const bulkhead_value *values, void **state) {
            (void)plugin, (void)values, (void)format, (void)host, (void)state;
            @create@
            return 0;
        }
        static void destroy(void *state) { (void)state; }
        static int32_t process(void *state, const bulkhead_video_frame *frame) {
            (void)state, (void)frame;
            @process@
        }
        BULKHEAD_PLUGIN_EXPORT const bulkhead_plugin *bulkhead_plugin_entry(uint32_t host_abi_version) {
            (void)host_abi_version;
            static bulkhead_plugin plugin = {
                .abi_version = BULKHEAD_PLUGIN_ABI_VERSION, .byte_count = sizeof(bulkhead_plugin),
                .parameter_byte_count = sizeof(bulkhead_parameter), .capabilities = BULKHEAD_VIDEO, .name = "Test",
                .version = "1", .create = create, .destroy = destroy, .process_video = process};
            @entry@
            return &plugin;
        }
        """

    /// A plugin whose functions contain these statements.
    convenience init(create: String = "", process: String = "return 0;", entry: String = "") throws {
        let body = Self.ending.replacingOccurrences(of: "@create@", with: create)
            .replacingOccurrences(of: "@process@", with: process).replacingOccurrences(of: "@entry@", with: entry)
        try self.init(source: body)
    }

    init(source: String) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("bulkhead-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        path = folder.appendingPathComponent("libTest.so").path
        let file = folder.appendingPathComponent("test.c")
        let headers = ["\"bulkhead_plugin.h\"", "<errno.h>", "<string.h>", "<unistd.h>"]
        let text = headers.map { "#include \($0)\n" }.joined() + source
        try Data(text.utf8).write(to: file)
        let include = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/CBulkheadPlugin/include").path
        let compiler = ProgramRun(
            "/usr/bin/env",
            ["cc", "-std=gnu11", "-Wall", "-Werror", "-fPIC", "-shared", "-I", include, "-o", path, file.path],
            environment: ProcessInfo.processInfo.environment)
        let end = try compiler.run(keeping: .outputAndErrors(mostBytes: 1 << 16), within: .seconds(60))
        try #require(end.isSuccess, "\(end.cause): \(end.text)")
    }

    /// A file with these bytes.
    init(bytes: [UInt8]) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("bulkhead-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        path = folder.appendingPathComponent("libTest.so").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }
}
