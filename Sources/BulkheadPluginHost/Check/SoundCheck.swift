import BulkheadMedia
import BulkheadSystem
import BulkheadWire
import CBulkheadPlugin
import Glibc

/// Has a plugin change blocks of sound.
struct SoundCheck {
    private let bench: CheckBench
    private static let lengths = [1024, 1, 2, 1023, 480, 4096, 1024]
    private static let measuredCount = 1000

    init(_ bench: CheckBench) { self.bench = bench }

    func run() {
        guard let first = sound(at: .end), let again = sound(at: .start) else { return }
        if first != again {
            bench.found(
                .warning, "not-deterministic",
                "the same sound comes out different in a fresh instance: something was never set")
        }
        if first.contains(where: { !$0.isFinite }) {
            bench.found(.error, "not-finite", "samples that are no numbers come out of sound that is full of numbers")
        }
        guard let instance = bench.another() else { return }
        measure(instance)
        // What comes from elsewhere may be anything.
        for value in [Float.nan, .infinity, 1e30, 0] { work(instance, value) }
        bench.destroy(instance)
    }

    /// The sound that comes out of a fresh instance; nil when it can't be made or memory is missing.
    private func sound(at side: GuardedMemory.Side) -> [Float]? {
        guard let instance = bench.another() else { return nil }
        var results: [Float] = []
        var place: Int64 = 0
        for (index, length) in Self.lengths.enumerated() {
            // One gap, as where the plugin was late.
            if index == 4 { place += 4800 }
            guard let memory = Self.memory(length, at: side) else { return nil }
            Self.fill(memory, from: place)
            bench.calling(.audio, "block \(index + 1), \(length) samples")
            let outcome = Self.process(instance, memory, length, place)
            if let damage = memory.damage { bench.found(.error, "out-of-bounds", "it has written \(damage)") }
            if case .failed(let reason) = outcome {
                bench.found(.error, "failure", "it could not change a block of sound: \(reason)")
            }
            results += memory.content.bindMemory(to: Float.self)
            place += Int64(length)
        }
        bench.destroy(instance)
        return results
    }

    private func measure(_ instance: any PluginInstance) {
        let length = AudioFormat.samplesPerBlock
        guard let memory = Self.memory(length, at: .end) else { return }
        bench.calling(.audio, "against the clock")
        var times = CallTimes()
        let end = MonotonicTime.now.advanced(by: 5_000_000_000)
        while times.count < Self.measuredCount, times.count < 5 || MonotonicTime.now < end {
            let place = Int64(times.count * length)
            Self.fill(memory, from: place)
            _ = times.measure { _ = Self.process(instance, memory, length, place) }
        }
        let interval = Double(length) * 1_000_000 / Double(AudioFormat.sampleRate)
        guard let measured = PluginCheckTimes(nanoseconds: times.nanoseconds, interval: interval) else { return }
        bench.measured(measured)
        if measured.median > interval {
            bench.found(.error, "speed", "it takes longer for a block of sound than the block lasts")
        } else if measured.p99 > interval {
            bench.found(.warning, "speed", "one block in a hundred takes longer than it lasts: it will go on unchanged")
        }
    }

    private func work(_ instance: any PluginInstance, _ value: Float) {
        guard let memory = Self.memory(1024, at: .end) else { return }
        let samples = memory.content.bindMemory(to: Float.self)
        for index in samples.indices { samples[index] = value }
        bench.calling(.audio, "samples of \(value)")
        _ = Self.process(instance, memory, 1024, 1_000_000)
        if let damage = memory.damage { bench.found(.error, "out-of-bounds", "it has written \(damage)") }
    }

    private static func memory(_ length: Int, at side: GuardedMemory.Side) -> GuardedMemory? {
        GuardedMemory(
            byteCount: length * AudioFormat.channelCount * MemoryLayout<Float>.size, at: side, name: "the samples")
    }

    /// Two tones and a little noise, by the place on the timeline.
    private static func fill(_ memory: GuardedMemory, from place: Int64) {
        let samples = memory.content.bindMemory(to: Float.self)
        for index in samples.indices {
            let time = Double(place + Int64(index / AudioFormat.channelCount)) / Double(AudioFormat.sampleRate)
            let tone = sin(time * 2765) * 0.6 + sin(time * 33_000) * 0.2
            samples[index] = Float(tone) * (index % 2 == 0 ? 1 : -0.5)
        }
    }

    private static func process(
        _ instance: any PluginInstance, _ memory: GuardedMemory, _ length: Int, _ place: Int64
    ) -> PluginOutcome {
        var block = bulkhead_audio_block()
        block.byte_count = UInt32(MemoryLayout<bulkhead_audio_block>.size)
        block.sample_count = UInt32(length)
        block.first_sample = place
        block.samples = memory.content.bindMemory(to: Float.self).baseAddress
        return instance.process(&block)
    }
}
