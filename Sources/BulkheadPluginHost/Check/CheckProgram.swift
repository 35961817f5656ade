import BulkheadChildRuntime
import BulkheadMedia
import BulkheadSystem
import BulkheadWire
import CBulkheadLinux
import CBulkheadPlugin
import Glibc

/// `bulkhead-plugin-host --check`: runs one test of one plugin, as the one message on descriptor 3 says, and tells there
/// what it finds. Its parent sees what it does not survive.
enum CheckProgram {
    /// - Returns: the exit code.
    static func run() -> CInt {
        _ = bulkhead_ignore_broken_pipes()
        bulkhead_report_crashes()
        let socket = WireSocket(OwnedDescriptor(adopting: WireSocket.inheritedDescriptor))
        do {
            guard let received = try socket.receive(PluginCheckRequest.self, timeoutMilliseconds: 10_000) else {
                return ChildProgram.failure
            }
            let settings = received.message.settings
            // As on air: what the sandbox does not let a plugin do is to be found here.
            let files = settings.parameters.values.filter { $0.hasPrefix("/") }
            _ = Sandbox.enter(readablePaths: [settings.path] + files, dataFolder: "")
            let bench = CheckBench(received.message) { reply in try? socket.send(reply) }
            bench.run()
            try socket.send(PluginCheckReply.finished)
            return ChildProgram.success
        } catch {
            ChildProgram.say("\(Role.pluginHost.executableName): --check is for bulkhead plugin check: \(error)")
            return ChildProgram.failure
        }
    }
}

/// What the tests have in common: the plugin, and how its instances are made and called.
final class CheckBench {
    let request: PluginCheckRequest
    let shelf = PluginShelf()
    let frameRate: FrameRate
    private let tell: (PluginCheckReply) -> Void
    private let trail = CallTrail()
    private var told: Set<PluginCheckFinding> = []

    init(_ request: PluginCheckRequest, tell: @escaping (PluginCheckReply) -> Void) {
        self.request = request
        self.tell = tell
        guard let rate = FrameRate(30) else { preconditionFailure("30 frames a second are a rate") }
        frameRate = rate
    }

    /// Nanoseconds of a frame.
    var interval: Int64 { 33_333_333 }

    func run() {
        calling(.open)
        let instance: any PluginInstance
        do throws(Refusal) {
            instance = try make(request.settings.parameters)
        } catch {
            return tell(.refused(error))
        }
        let abilities = instance.abilities
        destroy(instance)
        switch request.test.kind {
        case .pictures: if abilities.contains(.video) { PictureCheck(self).run() }
        case .speed: if abilities.contains(.video) { PictureCheck(self).measure() }
        case .sound: if abilities.contains(.audio) { SoundCheck(self).run() }
        case .parameters: ParameterCheck(self).run()
        case .events: if abilities.contains(.events) { ParameterCheck(self).tellEvents() }
        case .memory: MemoryCheck(self).run()
        }
    }

    func calling(_ call: PluginBreadcrumb.Call, _ detail: String = "") { tell(.calling(call, with: detail)) }

    /// Tells of a finding, once.
    func found(_ severity: PluginCheckFinding.Severity, _ code: String, _ text: String) {
        let finding = PluginCheckFinding(severity, code, text)
        guard told.count < 20, told.insert(finding).inserted else { return }
        tell(.found(finding))
    }

    func measured(_ times: PluginCheckTimes) { tell(.measured(times)) }

    /// Makes an instance for pictures of the test's size.
    func make(_ parameters: [String: String], _ detail: String = "") throws(Refusal) -> any PluginInstance {
        guard let canvas = Canvas(width: request.test.width, height: request.test.height) else {
            throw Refusal(.settings, "no broadcast has pictures of \(request.test.width) x \(request.test.height)")
        }
        var settings = request.settings
        settings.parameters = parameters
        let voice = PluginVoice(id: 1, trail: trail) { _ in }
        calling(.create, detail)
        return CheckedInstance(
            try shelf.instance(settings, stage: PluginStage(canvas: canvas, frameRate: frameRate), voice: voice))
    }

    /// An instance with the parameters that were given; nil, and a finding, when it can't be made again.
    func another() -> (any PluginInstance)? {
        do throws(Refusal) { return try make(request.settings.parameters) } catch {
            found(.error, "refusal", "the first instance could be made, but a later one could not: \(error)")
            return nil
        }
    }

    /// Ends an instance.
    func destroy(_ instance: any PluginInstance) {
        calling(.destroy)
        (instance as? CheckedInstance)?.end()
        calling(.none)
    }
}

/// A plugin's instance that ends when it is told to, and not when the last that holds it lets go.
private final class CheckedInstance: PluginInstance {
    let name: String
    let version: String
    let abilities: PluginAbilities
    let worksInPlace: Bool
    private var plugin: (any PluginInstance)?

    init(_ plugin: any PluginInstance) {
        name = plugin.name
        version = plugin.version
        abilities = plugin.abilities
        worksInPlace = plugin.worksInPlace
        self.plugin = plugin
    }

    func end() { plugin = nil }

    func process(_ frame: inout bulkhead_video_frame) -> PluginOutcome { plugin?.process(&frame) ?? .unchanged }

    func process(_ block: inout bulkhead_audio_block) -> PluginOutcome { plugin?.process(&block) ?? .unchanged }

    func setParameter(_ name: String, to text: String) throws(Refusal) { try plugin?.setParameter(name, to: text) }

    func handle(_ event: inout bulkhead_event) { plugin?.handle(&event) }
}
