package import BulkheadChildren
package import BulkheadTimeline
package import BulkheadWire

/// Decides over one still picture that is read from a file or drawn: a process opens it, gives its first picture, and ends,
/// or gives another one whenever it is asked.
package struct StillMachine {
    package enum Event: Hashable {
        case opened(SourceDescription)
        case picture(Picture)
        case refused(Refusal)
        case ended(ChildEnd)
    }

    package enum Action: Hashable {
        case lendSlot
        /// Lend a slot when the next picture is due.
        case lendSlotLater
        /// Tell the program.
        /// - isLater: it is not the first one.
        case take(Picture, isLater: Bool)
        case release(Picture)
        case fail(StillFailure)
        case hangUp
        /// The process that was to give further pictures is gone: have another one do that.
        case replace
    }

    private let goesOn: Bool
    /// The program has its answer.
    private var isAnswered: Bool
    /// The process has given a picture.
    private var hasGiven = false

    /// - Parameters:
    ///   - goesOn: further pictures are wanted.
    ///   - isReplacement: the program has the first picture, from a process that is gone.
    package init(goesOn: Bool = false, isReplacement: Bool = false) {
        self.goesOn = goesOn
        isAnswered = isReplacement
    }

    package mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .opened(let description):
            guard description.hasVideo else {
                return fail(.refused(Refusal(.notMedia, "it holds no picture"))) + [.hangUp]
            }
            return [.lendSlot]
        case .picture(let picture):
            let isFirst = !hasGiven
            hasGiven = true
            guard goesOn else {
                guard !isAnswered else { return [.release(picture)] }
                isAnswered = true
                return [.take(picture, isLater: false), .hangUp]
            }
            // That of a replacement is known.
            let isKnown = isFirst && isAnswered
            isAnswered = true
            return [isKnown ? .release(picture) : .take(picture, isLater: !isFirst), .lendSlotLater]
        case .refused(let refusal): return fail(.refused(refusal)) + [.hangUp]
        case .ended(let end):
            if end.cause == .released { return [] }
            return isAnswered && goesOn ? [.replace] : fail(.readerEnded("\(end.cause)"))
        }
    }

    private mutating func fail(_ failure: StillFailure) -> [Action] {
        guard !isAnswered else { return [] }
        isAnswered = true
        return [.fail(failure)]
    }
}
