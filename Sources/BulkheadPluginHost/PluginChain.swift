import BulkheadMedia
import BulkheadSystem
import BulkheadWire
import CBulkheadPlugin

/// The plugins that pictures and sound go through, in order. A picture's input is only read; the work is done in the
/// result, and in one buffer beside it when there is more than one step.
final class PluginChain {
    /// A plugin's place in the chain.
    final class Seat {
        let id: UInt32
        let plugin: any PluginInstance
        let voice: PluginVoice
        let deadlineMicroseconds: UInt32
        var isEnabled: Bool
        var failureCount = 0

        init(_ settings: PluginSettings, _ plugin: any PluginInstance, _ voice: PluginVoice) {
            id = settings.id
            self.plugin = plugin
            self.voice = voice
            deadlineMicroseconds = settings.deadlineMicroseconds
            isEnabled = settings.isEnabled
        }
    }

    let stage: PluginStage
    private let layout: PictureLayout
    private var seats: [Seat] = []
    private var scratch: UnsafeMutableRawBufferPointer?
    /// What the plugins did with the last picture or block.
    private(set) var times: [PluginTime] = []

    init(_ stage: PluginStage) {
        self.stage = stage
        layout = stage.canvas.layout
    }

    deinit { scratch?.deallocate() }

    subscript(id: UInt32) -> Seat? { seats.first { $0.id == id } }

    func append(_ seat: Seat) { seats.append(seat) }

    /// Ends a plugin, where the chain has it.
    func remove(id: UInt32) { seats.removeAll { $0.id == id } }

    /// Puts a plugin elsewhere, where the chain has it; beyond the end it is the last.
    func move(id: UInt32, to position: Int) {
        guard let index = seats.firstIndex(where: { $0.id == id }) else { return }
        let seat = seats.remove(at: index)
        seats.insert(seat, at: min(max(0, position), seats.count))
    }

    /// Tells all plugins that take events.
    func tell(kind: UInt32, pts: Int64, name: String, bytes: [UInt8]) {
        for seat in seats where seat.isEnabled && seat.plugin.abilities.contains(.events) {
            name.withCString { name in
                bytes.withUnsafeBytes { bytes in
                    var event = bulkhead_event(
                        byte_count: UInt32(MemoryLayout<bulkhead_event>.size), kind: kind, pts_nanoseconds: pts,
                        name: name, bytes: bytes.baseAddress, bytes_count: UInt64(bytes.count))
                    seat.voice.during(.event) { seat.plugin.handle(&event) }
                }
            }
        }
    }

    // MARK: sound

    /// Runs the chain on interleaved sound.
    /// - Returns: whether a plugin has changed `samples`.
    func process(firstSample: Int64, samples: inout [Float]) -> Bool {
        times.removeAll(keepingCapacity: true)
        var changed = false
        for seat in seats where seat.isEnabled && seat.plugin.abilities.contains(.audio) {
            let before = samples
            let count = samples.count / AudioFormat.channelCount
            let outcome = samples.withUnsafeMutableBufferPointer { buffer in
                var block = bulkhead_audio_block(
                    byte_count: UInt32(MemoryLayout<bulkhead_audio_block>.size), sample_count: UInt32(clamping: count),
                    first_sample: firstSample, samples: buffer.baseAddress)
                return measure(seat, .audio, "at sample \(firstSample)") {
                    let outcome = seat.plugin.process(&block)
                    // What is no number would stay in every filter and in the encoder's memory.
                    guard outcome == .changed, !buffer.allSatisfy(\.isFinite) else { return outcome }
                    return .failed("its sound has samples that are no numbers")
                }
            }
            if outcome == .changed { changed = true } else { samples = before }
        }
        return changed
    }

    // MARK: pictures

    /// Runs the chain on a picture. Both buffers hold a picture of the chain's layout, or more.
    /// - Returns: whether `result` holds the picture now; else `input` is to be used.
    func process(
        frame: FrameNumber, pts: Int64, input: UnsafeMutableRawPointer, result: UnsafeMutableRawPointer
    ) -> Bool {
        times.removeAll(keepingCapacity: true)
        let active = seats.filter { $0.isEnabled && $0.plugin.abilities.contains(.video) }
        var step = Step(buffer: input, stepsLeft: Self.stepCount(of: active), input: input, result: result)
        var changed = false
        for seat in active {
            if seat.plugin.worksInPlace {
                let before = step.buffer
                if before == input {
                    let target = step.next(scratch: scratchBuffer)
                    target.copyMemory(from: before, byteCount: layout.byteCount)
                    step.buffer = target
                }
                switch run(seat, frame, pts, input: step.buffer, output: step.buffer) {
                case .changed: changed = true
                case .unchanged: if before == input { step.buffer = input }
                case .failed:
                    // Whatever it has left there is not to be seen; what came before it is gone.
                    guard before == input else { return false }
                    step.buffer = input
                }
            } else {
                let target = step.next(scratch: scratchBuffer)
                if run(seat, frame, pts, input: step.buffer, output: target) == .changed {
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
    private static func stepCount(of active: [Seat]) -> Int {
        var count = 0
        for seat in active where !seat.plugin.worksInPlace || count == 0 { count += 1 }
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
        _ seat: Seat, _ number: FrameNumber, _ pts: Int64, input: UnsafeMutableRawPointer,
        output: UnsafeMutableRawPointer
    ) -> PluginOutcome {
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
        return measure(seat, .video, "at frame \(number)") { seat.plugin.process(&frame) }
    }

    /// Makes a call, and keeps how long it took and how it ended.
    private func measure(
        _ seat: Seat, _ call: PluginBreadcrumb.Call, _ place: @autoclosure () -> String, _ body: () -> PluginOutcome
    ) -> PluginOutcome {
        let start = MonotonicTime.now
        let outcome = seat.voice.during(call, body)
        let microseconds = UInt32(clamping: MonotonicTime.now.since(start) / 1000)
        var time = PluginTime(id: seat.id, microseconds: microseconds)
        time.isLate = seat.deadlineMicroseconds > 0 && microseconds > seat.deadlineMicroseconds
        if case .failed(let reason) = outcome {
            time.hasFailed = true
            seat.failureCount += 1
            // Once: the times tell of all others.
            if seat.failureCount == 1 { seat.voice.say(.warning, "failed \(place()): \(reason)") }
        }
        times.append(time)
        return outcome
    }
}
