import BulkheadChildren
import BulkheadModel
import BulkheadSystem

/// Ends hosts that do not answer, or that grow beyond what their plugins may take.
struct HostWatch {
    let limits: PostLimits
    /// The only plugin that works in the host; nil where there are several: only the one in a call can be suspected
    /// then.
    let suspect: PluginID?
    let now: MonotonicTime

    func look(at stub: PluginStub, looksAtMemory: Bool) {
        let patience = stub.isLoaded ? limits.patience : PostLimits.opening
        if let since = stub.owesSince, now.since(since) > patience.nanoseconds {
            stub.child.dismiss("no answer within \(patience.inWords)")
        }
        if looksAtMemory { lookAtMemory(of: stub) }
    }

    private func lookAtMemory(of stub: PluginStub) {
        guard stub.isLoaded, let bytes = ProcessMemory.privateByteCount(of: stub.child.pid) else { return }
        guard let base = stub.firstByteCount else { return stub.firstByteCount = bytes }
        let limit = limits.memoryByteCount
        guard bytes - base > limit else { return }
        stub.suspect = suspect
        stub.child.dismiss(
            "it has taken \((bytes - base) >> 20) MiB more memory than at first, and may take \(limit >> 20)")
    }
}
