import BulkheadModel

/// What happens to an input beyond its source's course as a child.
package enum SourceHappening: HappeningSubject {
    case opened(summary: String)
    case ended
    case unused(unused: [String], isClosed: Bool)
    /// It gives no picture, and a card with its name stands in its place in a scene.
    case missing
    /// The input has given nothing for so long, since that time.
    case stillDown(seconds: Double, from: Double)
    /// Its picture is seen in the scene again.
    case back
    /// Nothing of the input is used any more, as asked for.
    case removed
    /// The part has another name than before.
    case renamed(former: String)
    /// Nothing of the input has ever come, and it is tried no more.
    case gaveUp(reason: Reason)
    case skipped(positionSeconds: Double, seconds: Double, isRepeated: Bool, goal: SkipGoal, goalSeconds: Double?)
    /// A file of a list is played, the `number`th of `count`.
    case playing(file: String, title: String?, number: Int, count: Int, next: String?)
    /// A file of a list can't be played.
    case leftOut(file: String, reason: Reason)

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case opened
        case ended
        case unused
        case missing
        case stillDown = "still-down"
        case back
        case removed
        case renamed
        case gaveUp = "gave-up"
        case skipped
        case playing
        case leftOut = "left-out"
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .opened(let summary): Facts(.opened, .notice, [.summary: summary])
        case .ended: Facts(.ended)
        case .unused(let unused, let isClosed):
            Facts(.unused, .notice, [.unused: unused, .isClosed: isClosed])
        case .missing: Facts(.missing, .warning, [:])
        case .stillDown(let seconds, let from): Facts(.stillDown, .warning, [.seconds: seconds, .from: from])
        case .back: Facts(.back)
        case .removed: Facts(.removed)
        case .renamed(let former): Facts(.renamed, .notice, [.former: former])
        case .gaveUp(let reason): Facts(.gaveUp, .error, [.reason: reason.code, .text: reason.text])
        case .skipped(let positionSeconds, let seconds, let isRepeated, let goal, let goalSeconds):
            Facts(
                .skipped, .warning,
                [
                    .positionSeconds: positionSeconds, .seconds: seconds, .isRepeated: isRepeated, .goal: goal,
                    .goalSeconds: goalSeconds,
                ])
        case .playing(let file, let title, let number, let count, let next):
            Facts(
                .playing, .notice,
                [.file: file, .title: title, .number: number, .count: count, .nextFile: next])
        case .leftOut(let file, let reason):
            Facts(.leftOut, .error, [.file: file, .reason: reason.code, .text: reason.text])
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        switch word {
        case .opened: self = .opened(summary: try values.required(.summary))
        case .ended: self = .ended
        case .unused:
            self = .unused(unused: try values.required(.unused), isClosed: try values.required(.isClosed))
        case .missing: self = .missing
        case .stillDown:
            self = .stillDown(seconds: try values.required(.seconds), from: try values.required(.from))
        case .back: self = .back
        case .removed: self = .removed
        case .renamed: self = .renamed(former: try values.required(.former))
        case .gaveUp: self = .gaveUp(reason: try Reason(values))
        case .skipped:
            self = .skipped(
                positionSeconds: try values.required(.positionSeconds), seconds: try values.required(.seconds),
                isRepeated: try values.required(.isRepeated), goal: try values.required(.goal),
                goalSeconds: try values.optional(.goalSeconds))
        case .playing:
            self = .playing(
                file: try values.required(.file), title: try values.optional(.title),
                number: try values.required(.number), count: try values.required(.count),
                next: try values.optional(.nextFile))
        case .leftOut: self = .leftOut(file: try values.required(.file), reason: try Reason(values))
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .opened:
            Meaning([.notice], [.summary], "the source has opened its input")
        case .ended:
            Meaning([.notice], [], "the input is at its end")
        case .unused:
            Meaning(
                [.notice], [.unused, .isClosed],
                "what of the input is not used, because an input that was named before it has it")
        case .stillDown:
            Meaning(
                [.warning], [.seconds, .from],
                "the input still gives nothing; told after 1 and 10 minutes, an hour, and each day")
        case .missing:
            Meaning([.warning], [], "the input gives no picture; a card with its name stands in its place in the scene")
        case .back:
            Meaning([.notice], [], "the input's picture is seen in the scene again")
        case .removed:
            Meaning([.notice], [], "the input was removed, as asked for")
        case .renamed:
            Meaning([.notice], [.former], "the input has another name from now on")
        case .gaveUp:
            Meaning([.error], [.reason, .text], "nothing of the input has ever come, and it is tried no more")
        case .skipped:
            Meaning(
                [.warning], [.positionSeconds, .seconds, .isRepeated, .goal, .goalSeconds],
                "the source crashed twice at one place of the input, which is skipped")
        case .playing:
            Meaning(
                [.notice], [.file, .title, .number, .count, .nextFile],
                "a file of a playlist begins, and which comes next")
        case .leftOut:
            Meaning([.error], [.file, .reason, .text], "a file of a playlist can't be played, and is left out")
        }
    }
}
