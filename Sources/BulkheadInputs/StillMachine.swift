package import BulkheadChildren
import BulkheadModel
package import BulkheadTimeline
package import BulkheadWire

/// Decides over one picture that is read from a file: a process opens the file, gives its first picture, and ends.
package struct StillMachine {
    package enum Event: Hashable {
        case opened(SourceDescription)
        case picture(Picture)
        case refused(Refusal)
        case ended(ChildEnd)
    }

    package enum Action: Hashable {
        case lendSlot
        /// Tell the program.
        case take(Picture)
        case release(Picture)
        case fail(StillFailure)
        case hangUp
    }

    /// The program has its answer.
    private var isAnswered = false

    package init() {}

    package mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .opened(let description):
            guard description.hasVideo else {
                return fail(.refused(Refusal(.notMedia, "it holds no picture"))) + [.hangUp]
            }
            return [.lendSlot]
        case .picture(let picture):
            guard !isAnswered else { return [.release(picture)] }
            isAnswered = true
            return [.take(picture), .hangUp]
        case .refused(let refusal): return fail(.refused(refusal)) + [.hangUp]
        case .ended(let end): return end.cause == .released ? [] : fail(.readerEnded("\(end.cause)"))
        }
    }

    private mutating func fail(_ failure: StillFailure) -> [Action] {
        guard !isAnswered else { return [] }
        isAnswered = true
        return [.fail(failure)]
    }
}
