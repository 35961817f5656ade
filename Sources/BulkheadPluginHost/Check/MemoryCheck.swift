import BulkheadMedia
import BulkheadWire
import CBulkheadLinux
import CBulkheadPlugin
import Glibc

/// Looks at what a plugin keeps: memory while it works, and memory, descriptors and threads when it has ended.
struct MemoryCheck {
    private let bench: CheckBench
    private static let callCount = 300
    private static let instanceCount = 30

    init(_ bench: CheckBench) { self.bench = bench }

    func run() {
        guard let instance = bench.another() else { return }
        if instance.abilities.contains(.video), let growth = growth({ pictures(instance) }) {
            bench.found(.error, "leak", "its memory grows by about \(growth / Self.callCount) bytes with each picture")
        }
        if instance.abilities.contains(.audio), let growth = growth({ blocks(instance) }) {
            bench.found(
                .error, "leak", "its memory grows by about \(growth / Self.callCount) bytes with each block of sound")
        }
        bench.destroy(instance)
        let before = (descriptors: Self.count(in: "/proc/self/fd"), threads: Self.count(in: "/proc/self/task"))
        if let growth = growth(instances) {
            bench.found(
                .error, "leak", "each instance that was ended leaves \(growth / Self.instanceCount) bytes behind")
        }
        let after = (descriptors: Self.count(in: "/proc/self/fd"), threads: Self.count(in: "/proc/self/task"))
        if after.descriptors >= before.descriptors + Self.instanceCount {
            bench.found(.error, "leak", "instances that were ended leave file descriptors open")
        }
        if after.threads >= before.threads + Self.instanceCount {
            bench.found(.error, "leak", "instances that were ended leave threads behind")
        }
    }

    /// What each of the later rounds adds; nil when one of them adds nothing worth a word. Rounds in the beginning fill
    /// what a plugin keeps on purpose.
    private func growth(_ round: () -> Void) -> Int? {
        round()
        round()
        var sizes = [Self.usedByteCount]
        for _ in 0..<3 {
            round()
            sizes.append(Self.usedByteCount)
        }
        let steps = zip(sizes.dropFirst(), sizes).map { $0 - $1 }
        guard let least = steps.min(), least >= 4096 else { return nil }
        return least
    }

    private func pictures(_ instance: any PluginInstance) {
        let layout = GuardedPicture.Layout(extraStride: 0, side: .end, filling: 0)
        let test = bench.request.test
        guard let desk = Desk(test.width, test.height, layout, instance.worksInPlace) else { return }
        desk.prepare(1)
        bench.calling(.video, "\(Self.callCount) pictures")
        for number in 0..<Self.callCount {
            _ = desk.process(instance, number: number, pts: Int64(number) * bench.interval)
        }
    }

    private func blocks(_ instance: any PluginInstance) {
        guard let memory = GuardedMemory(byteCount: 1024 * 8, at: .end, name: "the samples") else { return }
        bench.calling(.audio, "\(Self.callCount) blocks")
        for number in 0..<Self.callCount {
            for index in memory.content.indices { memory.content[index] = 0 }
            var block = bulkhead_audio_block()
            block.byte_count = UInt32(MemoryLayout<bulkhead_audio_block>.size)
            block.sample_count = 1024
            block.first_sample = Int64(number) * 1024
            block.samples = memory.content.bindMemory(to: Float.self).baseAddress
            _ = instance.process(&block)
        }
    }

    private func instances() {
        for _ in 0..<Self.instanceCount {
            guard let instance = bench.another() else { return }
            bench.destroy(instance)
        }
    }

    /// What malloc has given out.
    private static var usedByteCount: Int { Int(bulkhead_heap_byte_count()) }

    private static func count(in folder: String) -> Int {
        guard let directory = opendir(folder) else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count
    }
}
