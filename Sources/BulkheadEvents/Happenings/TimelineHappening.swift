import BulkheadModel

/// What happens to the timeline, which says which frame is due.
package enum TimelineHappening: HappeningSubject {
    case picture(canvas: String, framesPerSecond: Double, source: Int)
    /// The packets of this source are passed on as they are.
    case copied(canvas: String, framesPerSecond: Double, source: Int)
    case onAir
    case ending
    case gaveUp(frames: Int, seconds: Double)
    case lag(milliseconds: Int)
    case skipping(cause: OverloadCause)
    case keepingUp(skipped: Int)
    case uneven(repeated: Int, leftOut: Int)
    case unmixed(frames: Int)
    case showing(picture: ShownPicture, isStandIn: Bool)
    /// The slate has stood in for the input for so long, since that time.
    case stillStandingIn(seconds: Double, from: Double)
    /// Another scene is shown, from this frame on.
    case taken(scene: String, frame: Int64)
    /// A scene was taken that shows an input which there is not.
    case sceneLacks(scene: String, input: String)
    /// A person has marked this frame.
    case marked(text: String, frame: Int64)
    case slateUnusable(path: String, reason: Reason)
    case slateReaderDied(cause: String)
    /// The slate and the cards can't be set in a typeface.
    case slateUndrawn(reason: Reason)
    /// A card is drawn, and something of it is not as it should be.
    case cardNoted(text: String)

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case picture
        case copied
        case onAir = "on-air"
        case ending
        case gaveUp = "gave-up"
        case lag
        case skipping
        case keepingUp = "keeping-up"
        case uneven
        case unmixed
        case showing
        case stillStandingIn = "still-standing-in"
        case taken
        case sceneLacks = "scene-lacks"
        case marked
        case slateUnusable = "slate-unusable"
        case slateReaderDied = "slate-reader-died"
        case slateUndrawn = "slate-undrawn"
        case cardNoted = "card-noted"
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .picture(let canvas, let framesPerSecond, let source):
            Facts(.picture, .notice, [.canvas: canvas, .framesPerSecond: framesPerSecond, .source: source])
        case .copied(let canvas, let framesPerSecond, let source):
            Facts(.copied, .notice, [.canvas: canvas, .framesPerSecond: framesPerSecond, .source: source])
        case .onAir: Facts(.onAir)
        case .ending: Facts(.ending)
        case .gaveUp(let frames, let seconds): Facts(.gaveUp, .error, [.frames: frames, .seconds: seconds])
        case .lag(let milliseconds): Facts(.lag, .warning, [.milliseconds: milliseconds])
        case .skipping(let cause): Facts(.skipping, .warning, [.cause: cause])
        case .keepingUp(let skipped): Facts(.keepingUp, .notice, [.skipped: skipped])
        case .uneven(let repeated, let leftOut):
            Facts(.uneven, .notice, [.repeated: repeated, .leftOut: leftOut])
        case .unmixed(let frames): Facts(.unmixed, .warning, [.frames: frames])
        case .showing(let picture, let isStandIn):
            Facts(.showing, isStandIn ? .warning : .notice, [.picture: picture, .isStandIn: isStandIn])
        case .stillStandingIn(let seconds, let from):
            Facts(.stillStandingIn, .warning, [.seconds: seconds, .from: from])
        case .taken(let scene, let frame): Facts(.taken, .notice, [.scene: scene, .frame: frame])
        case .sceneLacks(let scene, let input): Facts(.sceneLacks, .warning, [.scene: scene, .input: input])
        case .marked(let text, let frame): Facts(.marked, .notice, [.text: text, .frame: frame])
        case .slateUnusable(let path, let reason):
            Facts(.slateUnusable, .warning, [.path: path, .reason: reason.code, .text: reason.text])
        case .slateReaderDied(let cause): Facts(.slateReaderDied, .warning, [.cause: cause])
        case .slateUndrawn(let reason):
            Facts(.slateUndrawn, .warning, [.reason: reason.code, .text: reason.text])
        case .cardNoted(let text): Facts(.cardNoted, .warning, [.text: text])
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        switch word {
        case .picture:
            self = .picture(
                canvas: try values.required(.canvas), framesPerSecond: try values.required(.framesPerSecond),
                source: try values.required(.source))
        case .copied:
            self = .copied(
                canvas: try values.required(.canvas), framesPerSecond: try values.required(.framesPerSecond),
                source: try values.required(.source))
        case .onAir: self = .onAir
        case .ending: self = .ending
        case .gaveUp: self = .gaveUp(frames: try values.required(.frames), seconds: try values.required(.seconds))
        case .lag: self = .lag(milliseconds: try values.required(.milliseconds))
        case .skipping: self = .skipping(cause: try values.required(.cause))
        case .keepingUp: self = .keepingUp(skipped: try values.required(.skipped))
        case .uneven:
            self = .uneven(repeated: try values.required(.repeated), leftOut: try values.required(.leftOut))
        case .unmixed: self = .unmixed(frames: try values.required(.frames))
        case .showing:
            self = .showing(picture: try values.required(.picture), isStandIn: try values.required(.isStandIn))
        case .stillStandingIn:
            self = .stillStandingIn(seconds: try values.required(.seconds), from: try values.required(.from))
        case .taken:
            self = .taken(scene: try values.required(.scene), frame: try values.required(.frame))
        case .sceneLacks:
            self = .sceneLacks(scene: try values.required(.scene), input: try values.required(.input))
        case .marked:
            self = .marked(text: try values.required(.text), frame: try values.required(.frame))
        case .slateUnusable: self = .slateUnusable(path: try values.required(.path), reason: try Reason(values))
        case .slateReaderDied: self = .slateReaderDied(cause: try values.required(.cause))
        case .slateUndrawn: self = .slateUndrawn(reason: try Reason(values))
        case .cardNoted: self = .cardNoted(text: try values.required(.text))
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .picture:
            Meaning(
                [.notice], [.canvas, .framesPerSecond, .source],
                "the size and rate of the picture are those of the source with this number, as far as nothing else is set"
            )
        case .copied:
            Meaning(
                [.notice], [.canvas, .framesPerSecond, .source],
                "picture and sound of the source with this number are passed on as they are, and nothing is encoded")
        case .onAir:
            Meaning([.notice], [], "the first frame is due")
        case .ending:
            Meaning([.notice], [], "no more frames are due; what is being encoded is finished")
        case .gaveUp:
            Meaning(
                [.error], [.frames, .seconds], "the last frames weren't encoded within the time allowed at the end")
        case .lag:
            Meaning(
                [.warning], [.milliseconds],
                "the master didn't run for a while, such as during a suspend; the timeline goes on from now")
        case .skipping:
            Meaning([.warning], [.cause], "frames are skipped, because they aren't encoded fast enough")
        case .keepingUp:
            Meaning([.notice], [.skipped], "no more frames are skipped")
        case .uneven:
            Meaning(
                [.notice], [.repeated, .leftOut],
                "so many pictures of a live source were too late for their frames, and so many are in no frame, since this "
                    + "was last said; at most once a minute")
        case .unmixed:
            Meaning(
                [.warning], [.frames],
                "so many frames showed the main input alone, because no mixer was in time, since this was last said; at most "
                    + "once a minute")
        case .stillStandingIn:
            Meaning(
                [.warning], [.seconds, .from],
                "the slate still stands in for the input; told after 1 and 10 minutes, an hour, and each day")
        case .showing:
            Meaning(
                [.notice, .warning], [.picture, .isStandIn],
                "the timeline shows another picture; a warning when the slate stands in for an input"
            )
        case .marked:
            Meaning([.notice], [.text, .frame], "a person has marked this frame: a chapter of recordings")
        case .taken:
            Meaning([.notice], [.scene, .frame], "another scene is shown from this frame on, as asked for")
        case .sceneLacks:
            Meaning(
                [.warning], [.scene, .input], "a scene was taken that shows an input which there is not; it is left out"
            )
        case .slateUnusable:
            Meaning(
                [.warning], [.path, .reason, .text], "the slate's picture can't be used; the built-in slate is shown")
        case .slateReaderDied:
            Meaning(
                [.warning], [.cause], "the process that reads the slate's picture ended; the built-in slate is shown")
        case .slateUndrawn:
            Meaning(
                [.warning], [.reason, .text],
                "the slate and the names of inputs can't be set in a typeface; plain letters are shown")
        case .cardNoted:
            Meaning(
                [.warning], [.text],
                "something of the slate or of an input's name is not as it should be, such as letters that no typeface has"
            )
        }
    }
}
