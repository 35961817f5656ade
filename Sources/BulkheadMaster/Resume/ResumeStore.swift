import BulkheadModel
import BulkheadSystem
import Glibc

/// Keeps the files of a broadcast that can be resumed on a thread of its own: a slow disk holds up nothing.
final class ResumeStore: Sendable {
    private let thread = SerialThread()
    private let files: ThreadBound<ResumeFiles>
    /// Where the record lies.
    let path: String

    init(_ name: String) {
        files = ThreadBound(thread) { ResumeFiles(name: name) }
        path = ResumeFiles(name: name).recordPath
    }

    /// Does `work` with the files, after all that was handed over before.
    func run(_ work: @escaping @Sendable (ResumeFiles) -> Void) { files.run(work) }

    /// The same, and waits for what comes of it.
    func ask<Value: Sendable>(_ work: @escaping @Sendable (ResumeFiles) -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            files.run { continuation.resume(returning: work($0)) }
        }
    }
}
