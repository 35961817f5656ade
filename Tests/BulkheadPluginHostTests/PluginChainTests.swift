import BulkheadChildRuntime
import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Testing

/// What a master asks of a chain while it runs.
@Suite(.timeLimit(.minutes(2))) struct PluginChainTests {
    /// Takes sound, events and parameters: doubles the level by default, and complains of each event.
    private static let source = """
        static const bulkhead_parameter parameters[] = {
            {.type = BULKHEAD_PARAMETER_NUMBER, .name = "gain", .default_value = "2", .minimum = 0, .maximum = 10}};
        static float gain;
        static const bulkhead_host *host;
        static int32_t set(void *state, uint32_t index, const bulkhead_value *value) {
            (void)state;
            if (value->number == 7) {
                host->log(host->context, BULKHEAD_LOG_ERROR, "seven is unlucky");
                return -EINVAL;
            }
            gain = (float)value->number;
            return index == 0 ? 0 : -EINVAL;
        }
        static int32_t create(const bulkhead_plugin *plugin, const bulkhead_host *its, const bulkhead_format *format,
                              const bulkhead_value *values, void **state) {
            (void)plugin, (void)format;
            host = its;
            return set(*state, 0, values);
        }
        static void destroy(void *state) { (void)state; }
        static int32_t process(void *state, const bulkhead_audio_block *block) {
            (void)state;
            if (gain == 1) return BULKHEAD_UNCHANGED;
            for (uint32_t i = 0; i < block->sample_count * 2; i++) block->samples[i] *= gain;
            if (gain == 9) block->samples[1] = __builtin_nanf("");
            return gain == 8 ? -EIO : 0;
        }
        static void handle(void *state, const bulkhead_event *event) {
            (void)state;
            for (uint64_t i = 0; i < event->bytes_count; i++) host->log(host->context, BULKHEAD_LOG_NOTICE, event->name);
        }
        BULKHEAD_PLUGIN_EXPORT const bulkhead_plugin *bulkhead_plugin_entry(uint32_t host_abi_version) {
            (void)host_abi_version;
            static const bulkhead_plugin plugin = {
                .abi_version = BULKHEAD_PLUGIN_ABI_VERSION, .byte_count = sizeof(bulkhead_plugin),
                .parameter_byte_count = sizeof(bulkhead_parameter), .capabilities = BULKHEAD_AUDIO | BULKHEAD_EVENTS,
                .name = "Sound", .version = "1", .parameters = parameters, .parameter_count = 1, .create = create,
                .destroy = destroy, .set_parameter = set, .process_audio = process, .handle_event = handle};
            return &plugin;
        }
        """

    /// A host with the plugin above.
    private func host(_ library: TestLibrary, _ parameters: [String: String] = [:]) throws -> PluginHostChild {
        let host = try PluginHostChild()
        #expect(
            try host.load(library.path, parameters)
                == .loaded(id: 1, name: "Sound", version: "1", abilities: [.audio, .events]))
        return host
    }

    private func sound(_ host: PluginHostChild, _ samples: [Float]) throws -> [Float]? {
        let reply = try host.ask(.processAudio(firstSample: 1024, samples: samples))
        guard case .processedAudio(1024, let changed, let result, _) = reply else {
            throw ChildTestFailure.unexpected(reply)
        }
        #expect(changed || result.isEmpty)
        return changed ? result : nil
    }

    @Test func soundGoesThroughTheChain() throws {
        let library = try TestLibrary(source: Self.source)
        let host = try host(library)
        #expect(try sound(host, [0.25, -0.5]) == [0.5, -1])
        #expect(try host.ask(.setParameter(id: 1, name: "gain", value: "1")) == .parameterSet(id: 1, name: "gain"))
        #expect(try sound(host, [0.25, -0.5]) == nil)
        #expect(try host.ask(.setParameter(id: 1, name: "gain", value: "8")) == .parameterSet(id: 1, name: "gain"))
        #expect(try sound(host, [0.25, -0.5]) == nil, "a failed plugin's work is not used")
        #expect(try host.ask(.setParameter(id: 1, name: "gain", value: "9")) == .parameterSet(id: 1, name: "gain"))
        #expect(try sound(host, [0.25, -0.5]) == nil, "nor is what is no number")
        #expect(host.log == [.log(id: 1, .warning, "failed at sample 1024: Input/output error")])
    }

    static let refusals = [
        ("gain", "11", "parameter gain can't be 11: it is a number from 0 to 10"),
        ("gian", "1", "parameter gian isn't known: there are gain"),
        ("gain", "7", "parameter gain can't be 7: seven is unlucky"),
    ]

    @Test(arguments: refusals)
    func refusedParametersLeaveThePluginAsItWas(_ name: String, _ value: String, _ phrase: String) throws {
        let library = try TestLibrary(source: Self.source)
        let host = try host(library, ["gain": "3"])
        #expect(
            try host.ask(.setParameter(id: 1, name: name, value: value)) == .refused(id: 1, Refusal(.settings, phrase)))
        #expect(try sound(host, [0.25, 0]) == [0.75, 0])
        #expect(
            try host.ask(.setParameter(id: 2, name: name, value: value))
                == .refused(id: 2, Refusal(.settings, "plugin 2 isn't loaded")))
    }

    @Test func eventsArriveAndTalkIsLimited() throws {
        let library = try TestLibrary(source: Self.source)
        let host = try host(library)
        try host.child.send(PluginRequest.event(kind: 1, pts: 0, name: "A\nnn", bytes: [1, 2]))
        _ = try sound(host, [0, 0])
        #expect(host.log == [.log(id: 1, .notice, "A nn"), .log(id: 1, .notice, "A nn")])
        try host.child.send(
            PluginRequest.event(kind: 1, pts: 0, name: "x", bytes: [UInt8](repeating: 0, count: 100_000)))
        _ = try sound(host, [0, 0])
        // On a slow machine seconds pass meanwhile, and let a few more through.
        #expect((20...100).contains(host.log.count))
    }

    @Test func pluginsAreMovedAndPassedOver() throws {
        let host = try PluginHostChild()
        let picture = Picture(host.canvas)
        _ = try host.load("Border", ["color": "#00FF00"])
        _ = try host.load("Invert", id: 2)
        #expect(try host.process(picture) == picture.bordered(16, PluginProcessingTests.green).inverted)
        try host.child.send(PluginRequest.move(id: 1, position: .max))
        #expect(try host.process(picture) == picture.inverted.bordered(16, PluginProcessingTests.green))
        #expect(host.times.map(\.id) == [2, 1])
        try host.child.send(PluginRequest.enable(id: 1, false))
        #expect(try host.process(picture) == picture.inverted)
        try host.child.send(PluginRequest.enable(id: 2, false))
        #expect(try host.process(picture) == nil && host.times.isEmpty)
        try host.child.send(PluginRequest.enable(id: 1, true))
        #expect(try host.ask(.setParameter(id: 1, name: "width", value: "8")) == .parameterSet(id: 1, name: "width"))
        #expect(try host.process(picture) == picture.bordered(8, PluginProcessingTests.green))
        #expect(try host.ask(.unload(id: 9)) == .unloaded(id: 9))
    }

    @Test func callsLongerThanTheDeadlineAreReported() throws {
        let library = try TestLibrary(process: "for (volatile int i = 0; i < 10000000; i++) { } return 0;")
        let host = try PluginHostChild()
        _ = try host.ask(
            .load(PluginSettings(id: 1, path: library.path, parameters: [:], deadlineMicroseconds: 1)))
        _ = try host.load("Invert", id: 2)
        _ = try host.process(Picture(host.canvas))
        #expect(host.times.map(\.isLate) == [true, false])
        #expect(host.times.first.map { $0.microseconds > 1 } == true)
    }

    @Test func breadcrumbNamesThePluginThatCrashed() throws {
        let library = try TestLibrary(process: "*(volatile int *)8 = 0; return 0;")
        let host = try PluginHostChild()
        let memory = try OwnedDescriptor(memfdNamed: "breadcrumb", byteCount: PluginBreadcrumb.byteCount)
        let mapping = try SharedMapping(memory, byteCount: PluginBreadcrumb.byteCount, access: .readWrite)
        try host.child.send(PluginRequest.breadcrumb, passing: memory)
        memory.close()
        _ = try host.load("Invert", id: 4)
        let idle = try #require(PluginBreadcrumb(in: mapping.base))
        #expect(idle.plugin == 0 && idle.call == .none && idle.sequence > 0)
        _ = try host.load(library.path, id: 5)
        #expect(throws: WireSocketError.self) { try host.process(Picture(host.canvas)) }
        _ = try host.child.waitForExit()
        let last = try #require(PluginBreadcrumb(in: mapping.base))
        #expect(last.plugin == 5 && last.call == .video && last.sequence > idle.sequence)
        #expect((1...MonotonicTime.now.nanoseconds).contains(last.startNanoseconds))
    }
}
