package import BulkheadChildren
package import BulkheadSystem
package import BulkheadWire

/// The master's face of one recorder. It lives on the reactor's thread.
package final class RecorderStub {
    /// Called when both sides have said hello.
    package var onGreeted: (() -> Void)?
    /// Called with what it says.
    package var onReply: ((RecorderReply) -> Void)?
    /// Called once, last.
    package var onEnd: ((ChildEnd) -> Void)?

    /// The process.
    package let child: Child
    /// When it last said anything.
    package private(set) var lastSign = MonotonicTime.now

    package init(_ child: Child) {
        self.child = child
        child.onGreeted = { [weak self] in self?.onGreeted?() }
        child.onFrame = { [weak self] in self?.take($0) }
        child.onEnd = { [weak self] in self?.onEnd?($0) }
    }

    /// Begins to listen to the recorder. Call it once the callbacks are set.
    package func activate() {
        do { try child.activate() } catch { child.dismiss("it could not be watched: \(error)") }
    }

    /// Names its task, and hands it what is no file and open already.
    package func open(_ task: RecorderTask, device: consuming OwnedDescriptor?) {
        if let device = device.take() { child.send(RecorderRequest.device, descriptor: device) }
        child.send(RecorderRequest.open(task))
    }

    package func give(_ request: RecorderRequest) { child.send(request) }

    private func take(_ frame: WireFrame) {
        lastSign = .now
        do { onReply?(try RecorderReply(frame)) } catch {
            child.dismiss("it sent what can't be understood: \(error)")
        }
    }
}
