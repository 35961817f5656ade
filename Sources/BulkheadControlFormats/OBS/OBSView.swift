package import BulkheadModel

/// All that a request of obs-websocket is answered from.
package struct OBSView: Sendable {
    /// Nil where the master has no broadcast, or can't be reached.
    package var status: BroadcastStatus?
    package var desk: OBSDesk
    package var load: ProcessLoad
    package var incomingMessages: Int64 = 0
    package var outgoingMessages: Int64 = 0
    /// Sent since the control room looks, by all links together.
    package var sentBytes: Int64 = 0

    package init(status: BroadcastStatus?, desk: OBSDesk, load: ProcessLoad = ProcessLoad()) {
        self.status = status
        self.desk = desk
        self.load = load
    }

    var scenes: OBSScenes { OBSScenes(status) }

    /// Links to servers: those to files are recordings.
    var streams: [LinkStatus] { (status?.links ?? []).filter { !$0.isRecording } }

    var isStreaming: Bool { streams.contains(where: \.isRunning) }

    var isReconnecting: Bool { streams.contains { $0.state.isReconnecting || $0.state == .stalled } }

    var isRecording: Bool {
        status?.recordings?.isEmpty == false || status?.links.contains { $0.isRecording && $0.isRunning } == true
    }

    /// The file that is written; nil where nothing is recorded.
    var recordingPath: String? {
        if let path = status?.recordings?.first?.path { return path }
        return status?.links.first { $0.isRecording }.map { String($0.destination.trimmingPrefix("file:")) }
    }

    var inputs: [InputStatus] { status?.inputs ?? [] }

    /// The input that `data` names, by name or UUID.
    func input(_ data: JSONValue?) -> InputStatus? {
        if let uuid = data?["inputUuid"]?.string { return inputs.first { OBSNames.input($0.id) == uuid } }
        guard let name = data?["inputName"]?.string else { return nil }
        return inputs.first { $0.name == name }
    }

    func strip(of input: InputStatus) -> StripStatus? { status?.sound?.strips.first { $0.input == input.id } }

    /// The items of a scene; one that shows an input alone has that input.
    func items(of scene: String) -> [SceneItem]? {
        if let scene = status?.scenes?.first(where: { $0.scene.name == scene }) { return scene.scene.items }
        if inputs.contains(where: { $0.name == scene }) { return [SceneItem(scene)] }
        return scenes.names.contains(scene) ? [] : nil
    }
}

extension LinkStatus {
    var isRecording: Bool { destination.hasPrefix("file:") }

    /// It has the stream, or is on its way to a server.
    var isRunning: Bool {
        switch state {
        case .connecting, .publishing, .saved, .cleared, .selected, .restored, .stalled, .writing: true
        case .idle, .paused, .failed, .ended: false
        }
    }
}
