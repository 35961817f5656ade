import BulkheadChildren
import BulkheadSystem
import BulkheadWire

/// The master's face of one chat process. It lives on the reactor's thread.
final class ChatStub {
    /// Called when the process has said hello.
    var onGreeted: (() -> Void)?
    /// Called with each answer.
    var onReply: ((ChatReply) -> Void)?
    /// Called once, last.
    var onEnd: ((ChildEnd) -> Void)?

    /// The process.
    let child: Child
    /// When it last said anything.
    private(set) var lastSign = MonotonicTime.now

    /// - Parameter connections: asked for when the process has said hello.
    init(_ child: Child, _ connections: @escaping () -> [ChatConnection]) {
        self.child = child
        child.onGreeted = { [weak self] in
            self?.child.send(ChatRequest.configure(connections()))
            self?.onGreeted?()
        }
        child.onFrame = { [weak self] in self?.take($0) }
        child.onEnd = { [weak self] in self?.onEnd?($0) }
    }

    /// Begins to listen to the process. Call it once the callbacks are set.
    func activate() {
        do { try child.activate() } catch { child.dismiss("it could not be watched: \(error)") }
    }

    private func take(_ frame: WireFrame) {
        lastSign = .now
        do { onReply?(try ChatReply(frame)) } catch {
            child.dismiss("it sent what can't be understood: \(error)")
        }
    }
}
