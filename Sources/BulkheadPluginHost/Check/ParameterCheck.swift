import BulkheadMedia
import BulkheadWire
import CBulkheadPlugin
import Glibc

/// Gives a plugin all values that it says it takes, and tells it of events.
struct ParameterCheck {
    private let bench: CheckBench

    init(_ bench: CheckBench) { self.bench = bench }

    func run() {
        let live = bench.another()
        for value in bench.request.values {
            let shown = "\(value.name)=\(value.text.count > 40 ? value.text.prefix(40) + "…" : value.text)"
            var parameters = bench.request.settings.parameters
            parameters[value.name] = value.text
            do throws(Refusal) {
                let instance = try bench.make(parameters, "with \(shown)")
                work(instance, shown)
                bench.destroy(instance)
            } catch {
                refused(error, value, shown)
            }
            guard let live else { continue }
            bench.calling(.setParameter, shown)
            do throws(Refusal) { try live.setParameter(value.name, to: value.text) } catch {
                refused(error, value, shown)
            }
            work(live, "\(shown), set on air")
        }
        if let live { bench.destroy(live) }
    }

    private func refused(_ refusal: Refusal, _ value: PluginCheckValue, _ shown: String) {
        guard !value.mayBeRefused else { return }
        bench.found(
            .warning, "refuses-own-range", "its description says that \(shown) is possible, but: \(refusal)")
    }

    /// Two pictures and a block of sound.
    private func work(_ instance: any PluginInstance, _ detail: String) {
        if instance.abilities.contains(.video) {
            let layout = GuardedPicture.Layout(extraStride: 64, side: .end, filling: 0x55)
            let test = bench.request.test
            guard let desk = Desk(test.width, test.height, layout, instance.worksInPlace) else { return }
            for number in 0..<2 {
                desk.prepare(number)
                bench.calling(.video, "with \(detail)")
                let outcome = desk.process(instance, number: number, pts: Int64(number) * bench.interval)
                if let damage = desk.damage {
                    bench.found(.error, "out-of-bounds", "with \(detail) it has written \(damage)")
                }
                if case .failed(let reason) = outcome {
                    bench.found(.error, "failure", "with \(detail) it could not change a picture: \(reason)")
                }
            }
        }
        if instance.abilities.contains(.audio),
            let memory = GuardedMemory(byteCount: 1024 * 8, at: .end, name: "the samples")
        {
            for index in memory.content.indices { memory.content[index] = 0 }
            var block = bulkhead_audio_block()
            block.byte_count = UInt32(MemoryLayout<bulkhead_audio_block>.size)
            block.sample_count = 1024
            block.samples = memory.content.bindMemory(to: Float.self).baseAddress
            bench.calling(.audio, "with \(detail)")
            if case .failed(let reason) = instance.process(&block) {
                bench.found(.error, "failure", "with \(detail) it could not change a block of sound: \(reason)")
            }
        }
    }

    /// Each kind of event, one without bytes, and one that no plugin knows.
    func tellEvents() {
        guard let instance = bench.another() else { return }
        let kinds: [(UInt32, String, String)] = [
            (BULKHEAD_EVENT_CHAT_MESSAGE.rawValue, "Ada", "Good evening! \u{1F44B}"),
            (BULKHEAD_EVENT_ROOM_DATA.rawValue, "viewers", "{\"count\": 3}"),
            (BULKHEAD_EVENT_STREAM_STATE.rawValue, "live", ""), (BULKHEAD_EVENT_CHAT_MESSAGE.rawValue, "", ""),
            (BULKHEAD_EVENT_CHAT_MESSAGE.rawValue, "Ada", String(repeating: "a", count: 10_000)),
            (4_000_000_000, "unheard-of", "?"),
        ]
        for (kind, name, text) in kinds {
            bench.calling(.event, "kind \(kind), \(text.utf8.count) bytes")
            name.withCString { name in
                Array(text.utf8).withUnsafeBytes { bytes in
                    var event = bulkhead_event()
                    event.byte_count = UInt32(MemoryLayout<bulkhead_event>.size)
                    event.kind = kind
                    event.name = name
                    event.bytes = bytes.isEmpty ? nil : bytes.baseAddress
                    event.bytes_count = UInt64(bytes.count)
                    instance.handle(&event)
                }
            }
        }
        bench.destroy(instance)
    }
}
