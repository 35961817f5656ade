import BulkheadMedia
import CBulkheadPlugin

/// The plugins that a picture goes through, in order. The input is only read; the work is done in the result, and in
/// one buffer beside it when there is more than one step.
final class PluginChain {
    private let layout: PictureLayout
    private var plugins: [PluginInstance] = []
    private var scratch: UnsafeMutableRawBufferPointer?

    init(canvas: Canvas) { layout = canvas.layout }

    deinit { scratch?.deallocate() }

    func contains(id: UInt32) -> Bool { plugins.contains { $0.id == id } }

    func append(_ plugin: PluginInstance) { plugins.append(plugin) }

    /// Ends a plugin. Returns false for one that the chain does not have.
    func remove(id: UInt32) -> Bool {
        guard let index = plugins.firstIndex(where: { $0.id == id }) else { return false }
        plugins.remove(at: index)
        return true
    }

    /// Runs the chain on a picture. Both buffers hold a picture of the chain's layout, or more.
    /// - Returns: whether `result` holds the picture now; else `input` is to be used.
    func process(
        frame: FrameNumber, pts: Int64, input: UnsafeMutableRawPointer, result: UnsafeMutableRawPointer
    ) -> Bool {
        var step = Step(buffer: input, stepsLeft: stepCount, input: input, result: result)
        var changed = false
        for plugin in plugins where plugin.library.takesVideo {
            if plugin.library.worksInPlace {
                let before = step.buffer
                if before == input {
                    let target = step.next(scratch: scratchBuffer)
                    target.copyMemory(from: before, byteCount: layout.byteCount)
                    step.buffer = target
                }
                switch run(plugin, frame, pts, input: step.buffer, output: step.buffer) {
                case .changed: changed = true
                case .unchanged: if before == input { step.buffer = input }
                case .failed:
                    // Whatever it has left there is not to be seen; what came before it is gone.
                    guard before == input else { return false }
                    step.buffer = input
                }
            } else {
                let target = step.next(scratch: scratchBuffer)
                if run(plugin, frame, pts, input: step.buffer, output: target) == .changed {
                    step.buffer = target
                    changed = true
                }
            }
        }
        guard changed, step.buffer != input else { return false }
        if step.buffer != result { result.copyMemory(from: step.buffer, byteCount: layout.byteCount) }
        return true
    }

    /// Where the picture lies, and where it goes next so that the last step ends in the result.
    private struct Step {
        var buffer: UnsafeMutableRawPointer
        var stepsLeft: Int
        let input: UnsafeMutableRawPointer
        let result: UnsafeMutableRawPointer

        mutating func next(scratch: () -> UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
            stepsLeft -= 1
            let wanted = stepsLeft % 2 == 0 ? result : scratch()
            return wanted != buffer ? wanted : buffer == result ? scratch() : result
        }
    }

    /// How often a picture changes its buffer when all goes well.
    private var stepCount: Int {
        var count = 0
        for plugin in plugins where plugin.library.takesVideo {
            if !plugin.library.worksInPlace || count == 0 { count += 1 }
        }
        return count
    }

    private func scratchBuffer() -> UnsafeMutableRawPointer {
        let buffer =
            scratch ?? UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, layout.byteCount), alignment: 64)
        scratch = buffer
        // An allocation of at least one byte has an address.
        guard let base = buffer.baseAddress else { preconditionFailure("an allocated buffer has an address") }
        return base
    }

    private func run(
        _ plugin: PluginInstance, _ number: FrameNumber, _ pts: Int64, input: UnsafeMutableRawPointer,
        output: UnsafeMutableRawPointer
    ) -> PluginInstance.Outcome {
        let from = input.assumingMemoryBound(to: UInt8.self)
        let to = output.assumingMemoryBound(to: UInt8.self)
        let strides = (UInt32(layout.luma.stride), UInt32(layout.cb.stride), UInt32(layout.cr.stride))
        var frame = bulkhead_video_frame()
        frame.byte_count = UInt32(MemoryLayout<bulkhead_video_frame>.size)
        frame.width = UInt32(layout.luma.width)
        frame.height = UInt32(layout.luma.height)
        frame.number = number
        frame.pts_nanoseconds = pts
        frame.input = (
            UnsafePointer(from + layout.luma.offset), UnsafePointer(from + layout.cb.offset),
            UnsafePointer(from + layout.cr.offset)
        )
        frame.output = (to + layout.luma.offset, to + layout.cb.offset, to + layout.cr.offset)
        frame.input_stride = strides
        frame.output_stride = strides
        return plugin.process(&frame)
    }
}
