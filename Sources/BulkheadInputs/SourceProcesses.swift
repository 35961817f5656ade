import BulkheadModel
import BulkheadSystem

/// The processes that read inputs, and the one that reads pictures which stand.
final class SourceProcesses {
    let stills: StillReader
    private var stubs: [ChildID: SourceStub] = [:]
    /// Called when the last one has ended.
    var onEmpty: (() -> Void)?

    init(stills: StillReader) {
        self.stills = stills
        stills.onEmpty = { [weak self] in self?.tellOfEnd() }
    }

    /// Nil where it has ended.
    subscript(child: ChildID) -> SourceStub? { stubs[child] }

    var isEmpty: Bool { stubs.isEmpty && stills.isEmpty }

    func employ(_ stub: SourceStub, as child: ChildID) {
        stubs[child] = stub
        stub.activate()
    }

    /// It has ended.
    func forget(_ child: ChildID) {
        stubs[child] = nil
        tellOfEnd()
    }

    /// Lets all end by themselves.
    func hangUp() {
        for stub in stubs.values { stub.hangUp() }
        stills.hangUp()
    }

    /// Ends all of them.
    func dismiss(_ reason: String) {
        for stub in stubs.values { stub.dismiss(reason) }
        stills.dismiss(reason)
    }

    /// Looks after what shows only as time passing.
    func watch(at now: MonotonicTime) {
        for stub in stubs.values { stub.checkDeadline(at: now) }
        stills.watch(at: now)
    }

    private func tellOfEnd() { if isEmpty { onEmpty?() } }
}
