import BulkheadModel
import BulkheadSystem
import Glibc

/// Keeps the files of a broadcast that can be resumed on threads of its own: a slow disk holds up nothing, and the record,
/// which waits for it, does not hold up the place.
final class ResumeStore: Sendable {
    private let thread = SerialThread()
    private let placeThread = SerialThread()
    private let files: ThreadBound<ResumeFiles>
    private let place: ThreadBound<ResumePlaceFile>
    /// Where the record lies.
    let path: String

    init(_ name: String) {
        let paths = ResumeFiles(name: name)
        let placePath = paths.placePath
        path = paths.recordPath
        files = ThreadBound(thread) { ResumeFiles(name: name) }
        place = ThreadBound(placeThread) { ResumePlaceFile(placePath) }
    }

    /// Does `work` with the record's file, after all that was handed over before.
    func run(_ work: @escaping @Sendable (ResumeFiles) -> Void) { files.run(work) }

    /// The same, and waits for what comes of it.
    func ask<Value: Sendable>(_ work: @escaping @Sendable (ResumeFiles) -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            files.run { continuation.resume(returning: work($0)) }
        }
    }

    /// Notes how far the broadcast has come, and calls `done` then.
    func note(_ place: ResumePlace, startedAt: Double, done: @escaping @Sendable () -> Void) {
        self.place.run { file in
            file.note(place, startedAt: startedAt)
            done()
        }
    }
}
