import BulkheadChildren
import BulkheadModel
import BulkheadSystem

/// Ends hosts that do not answer, or that grow beyond what their plugins may take.
struct HostWatch {
    let limits: PostLimits
    /// The only plugin that works in the host; nil where there are several: only the one in a call can be suspected
    /// then.
    let suspect: PluginID?
    /// Looks into the folder that plugins may write to; nil where there is none.
    let data: DataWatch?
    let now: MonotonicTime

    func look(at stub: PluginStub, looksAtMemory: Bool) {
        let patience = stub.isLoaded ? limits.patience : PostLimits.opening
        if let since = stub.owesSince, now.since(since) > patience.nanoseconds {
            stub.child.dismiss("no answer within \(patience.inWords)")
        }
        guard looksAtMemory else { return }
        if let use = ProcessUse(of: stub.child.pid) { look(at: use, of: stub) }
        guard let data, !stub.dataFolder.isEmpty, data.look(at: stub.dataFolder) > DataWatch.mostBytes else { return }
        stub.suspect = suspect
        stub.child.dismiss(
            "there is too much in the folder that it may write to: it takes \(DataWatch.mostBytes >> 20) MiB "
                + "or \(DataWatch.mostEntries) files")
    }

    private func look(at use: ProcessUse, of stub: PluginStub) {
        // A standby is given nothing, and owes nothing: only this shows that it stands still. What is stopped for a moment
        // goes on by itself.
        if use.isStopped, stub.wasStopped { return stub.child.dismiss("it stands still, stopped by a signal") }
        stub.wasStopped = use.isStopped
        guard use.threadCount <= PostLimits.mostThreads else {
            stub.suspect = suspect
            return stub.child.dismiss(
                "it has \(use.threadCount) threads, and may have \(PostLimits.mostThreads): others need some, too")
        }
        let limit = limits.memoryByteCount
        guard stub.isLoaded else {
            // Loading takes more than working, for a while.
            guard use.privateByteCount > PostLimits.openingMemoryByteCount else { return }
            return stub.child.dismiss("it has taken \(use.privateByteCount >> 20) MiB of memory before it was open")
        }
        guard let base = stub.firstByteCount else { return stub.firstByteCount = use.privateByteCount }
        guard use.privateByteCount - base > limit else { return }
        stub.suspect = suspect
        stub.child.dismiss(
            "it has taken \((use.privateByteCount - base) >> 20) MiB more memory than at first, "
                + "and may take \(limit >> 20)")
    }
}
