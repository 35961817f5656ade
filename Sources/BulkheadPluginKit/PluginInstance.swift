import CBulkheadPlugin
import Glibc

/// An instance as C holds it. C function pointers can't name a generic type, so they call this.
class PluginInstance {
    /// The functions of one plugin type, found once when the library is entered.
    struct Functions {
        var video: ((UnsafeMutableRawPointer, borrowing VideoFrame) throws -> Outcome)?
        var audio: ((UnsafeMutableRawPointer, borrowing AudioBlock) throws -> Outcome)?
        var event: ((UnsafeMutableRawPointer, PluginEvent) -> Void)?
        var worksInPlace = false

        init<P: Plugin>(_ type: P.Type) {
            if let type = type as? any VideoFilter.Type { takeVideo(type) }
            if let type = type as? any AudioFilter.Type { takeAudio(type) }
            if let type = type as? any EventHandler.Type { takeEvents(type) }
        }

        // `type` is the plugin's own type, known to be more than a `Plugin`: the pointer is bound to it.
        private mutating func takeVideo<V: VideoFilter>(_ type: V.Type) {
            worksInPlace = type.worksInPlace
            video = { try $0.assumingMemoryBound(to: V.self).pointee.process($1) }
        }

        private mutating func takeAudio<A: AudioFilter>(_ type: A.Type) {
            audio = { try $0.assumingMemoryBound(to: A.self).pointee.process($1) }
        }

        private mutating func takeEvents<E: EventHandler>(_ type: E.Type) {
            event = { $0.assumingMemoryBound(to: E.self).pointee.handle($1) }
        }
    }

    final let functions: Functions
    final let memory: UnsafeMutableRawPointer
    final var setup: PluginSetup
    private final var failureCount = 0

    init(functions: Functions, memory: UnsafeMutableRawPointer, setup: PluginSetup) {
        self.functions = functions
        self.memory = memory
        self.setup = setup
    }

    /// Has the plugin take over `setup`.
    func update(_ setup: PluginSetup) throws {}

    /// Runs a step of the plugin; its result is what the interface returns.
    final func code(of step: () throws -> Outcome) -> Int32 {
        do {
            return try step() == .changed ? 0 : BULKHEAD_UNCHANGED
        } catch {
            // The first is enough for a person; the host counts them all.
            if failureCount == 0 { setup.log(.error, "\(error)") }
            failureCount += 1
            return -EIO
        }
    }
}

/// An instance of the plugin type `P`, at a fixed place in memory.
final class TypedPluginInstance<P: Plugin>: PluginInstance {
    private let plugin: UnsafeMutablePointer<P>

    init(_ functions: Functions, _ setup: PluginSetup) throws {
        let made = try P(setup)
        plugin = .allocate(capacity: 1)
        plugin.initialize(to: made)
        super.init(functions: functions, memory: UnsafeMutableRawPointer(plugin), setup: setup)
    }

    deinit {
        plugin.deinitialize(count: 1)
        plugin.deallocate()
    }

    override func update(_ setup: PluginSetup) throws {
        try plugin.pointee.update(setup)
        self.setup = setup
    }
}
