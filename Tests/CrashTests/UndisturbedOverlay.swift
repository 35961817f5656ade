import BulkheadAudience
import BulkheadDanmaku
import BulkheadMedia
import BulkheadModel
import BulkheadTestSupport
import CBulkheadPlugin
import Foundation
import Glibc
import Testing

/// The plugin that draws comments, in this process: nobody kills it, and it knows all comments from the start.
final class UndisturbedOverlay {
    let canvas: Canvas
    /// I420, without padding.
    private(set) var picture: [UInt8]
    private let plugin: UnsafePointer<bulkhead_plugin>
    private let host: UnsafeMutablePointer<bulkhead_host>
    private let state: UnsafeMutableRawPointer

    /// - Parameter comments: those of ``DanmakuStage/flying``, as a room's record has them, whenever they fly; later ones lie over
    ///   earlier ones.
    init(_ canvas: Canvas, _ comments: [[String: Any]]) throws {
        self.canvas = canvas
        picture = [UInt8](repeating: 0, count: canvas.width * canvas.height * 3 / 2)
        let library = try #require(dlopen("\(productFolder)/libDanmaku.so", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE))
        let symbol = try #require(dlsym(library, "bulkhead_plugin_entry"))
        typealias Entry = @convention(c) (UInt32) -> UnsafePointer<bulkhead_plugin>?
        let plugin = try #require(unsafeBitCast(symbol, to: Entry.self)(BULKHEAD_PLUGIN_ABI_VERSION))
        self.plugin = plugin
        host = .allocate(capacity: 1)
        host.initialize(
            to: bulkhead_host(
                byte_count: UInt32(MemoryLayout<bulkhead_host>.size), abi_version: BULKHEAD_PLUGIN_ABI_VERSION,
                context: nil, log: { _, _, _ in }))
        var format = bulkhead_format(
            byte_count: UInt32(MemoryLayout<bulkhead_format>.size), width: UInt32(canvas.width),
            height: UInt32(canvas.height), frame_rate_numerator: 30, frame_rate_denominator: 1, sample_rate: 48_000,
            channel_count: 2)
        let values = (0..<Int(plugin.pointee.parameter_count)).map { index in
            let parameter = plugin.pointee.parameters[index]
            return bulkhead_value(
                type: parameter.type, reserved: 0, integer: 0, number: atof(parameter.default_value),
                text: parameter.default_value)
        }
        var made: UnsafeMutableRawPointer?
        let result = plugin.pointee.create(plugin, host, &format, values, &made)
        state = try #require(result == 0 ? made : nil)
        try tell(comments)
    }

    deinit {
        plugin.pointee.destroy(state)
        host.deallocate()
    }

    private func tell(_ comments: [[String: Any]]) throws {
        // A stage on which all of them fly, as it is saved.
        let empty = Data(JSONLine.encode(DanmakuStage(canvas)))
        var object = try #require(try JSONSerialization.jsonObject(with: empty) as? [String: Any])
        object["flying"] = comments
        let stage = try JSONLine.decode(DanmakuStage.self, from: Array(JSONSerialization.data(withJSONObject: object)))
        var script = OverlayScript()
        for event in script.update(stage, at: .zero) {
            event.name.withCString { name in
                event.bytes.withUnsafeBytes { bytes in
                    var told = bulkhead_event(
                        byte_count: UInt32(MemoryLayout<bulkhead_event>.size), kind: event.kind.rawValue,
                        pts_nanoseconds: event.time.nanoseconds, name: name, bytes: bytes.baseAddress,
                        bytes_count: UInt64(bytes.count))
                    plugin.pointee.handle_event(state, &told)
                }
            }
        }
    }

    /// Draws over `ground` what is seen at `time`; false where that is nothing.
    func draw(over ground: [UInt8], at time: MediaTime) -> Bool {
        picture = ground
        let (width, height) = (canvas.width, canvas.height)
        return picture.withUnsafeMutableBufferPointer { pixels in
            guard let luma = pixels.baseAddress else { return false }
            let (cb, cr) = (luma + width * height, luma + width * height * 5 / 4)
            let strides = (UInt32(width), UInt32(width / 2), UInt32(width / 2))
            var frame = bulkhead_video_frame(
                byte_count: UInt32(MemoryLayout<bulkhead_video_frame>.size), width: UInt32(width),
                height: UInt32(height), reserved: 0, number: 0, pts_nanoseconds: time.nanoseconds,
                input: (UnsafePointer(luma), UnsafePointer(cb), UnsafePointer(cr)), output: (luma, cb, cr),
                input_stride: strides, output_stride: strides)
            return plugin.pointee.process_video(state, &frame) == 0
        }
    }
}
