import BulkheadModel

/// What happens to a switch between push and pull. Ways are `push` and `pull`.
package enum SwitchHappening: HappeningSubject {
    /// It takes commands at this socket.
    case ready(address: String)
    /// The way at work is abnormal, by this condition.
    case abnormal(way: String, condition: String)
    case clear(way: String)
    /// The way at work is abnormal, and this one could not take over.
    case backupNotReady(way: String)
    case switching(former: String, way: String, cause: String)
    /// The way did not say in time that it had stopped.
    case stopUnconfirmed(way: String)
    /// The way is at work; from the first sign on it took so long, in these parts.
    case working(way: String, cause: String, milliseconds: Int, detect: Int, stop: Int, start: Int, idr: Int)
    case startFailed(way: String, text: String)
    case mode(mode: String)
    /// Something that it talks to can't be reached.
    case trouble(text: String)
    case publisherRefused(peer: String, way: String)
    case stopped

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case ready, abnormal, clear
        case backupNotReady = "backup-not-ready"
        case switching
        case stopUnconfirmed = "stop-unconfirmed"
        case working
        case startFailed = "start-failed"
        case mode, trouble
        case publisherRefused = "publisher-refused"
        case stopped
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .ready(let address): Facts(.ready, .notice, [.address: address])
        case .abnormal(let way, let condition): Facts(.abnormal, .warning, [.way: way, .condition: condition])
        case .clear(let way): Facts(.clear, .notice, [.way: way])
        case .backupNotReady(let way): Facts(.backupNotReady, .error, [.way: way])
        case .switching(let former, let way, let cause):
            Facts(.switching, .warning, [.formerWay: former, .way: way, .cause: cause])
        case .stopUnconfirmed(let way): Facts(.stopUnconfirmed, .warning, [.way: way])
        case .working(let way, let cause, let milliseconds, let detect, let stop, let start, let idr):
            Facts(
                .working, .notice,
                [
                    .way: way, .cause: cause, .milliseconds: milliseconds, .detectMilliseconds: detect,
                    .stopMilliseconds: stop, .startMilliseconds: start, .idrMilliseconds: idr,
                ])
        case .startFailed(let way, let text): Facts(.startFailed, .warning, [.way: way, .text: text])
        case .mode(let mode): Facts(.mode, .notice, [.mode: mode])
        case .trouble(let text): Facts(.trouble, .warning, [.text: text])
        case .publisherRefused(let peer, let way): Facts(.publisherRefused, .warning, [.peer: peer, .way: way])
        case .stopped: Facts(.stopped)
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        switch word {
        case .ready: self = .ready(address: try values.required(.address))
        case .abnormal:
            self = .abnormal(way: try values.required(.way), condition: try values.required(.condition))
        case .clear: self = .clear(way: try values.required(.way))
        case .backupNotReady: self = .backupNotReady(way: try values.required(.way))
        case .switching:
            self = .switching(
                former: try values.required(.formerWay), way: try values.required(.way),
                cause: try values.required(.cause))
        case .stopUnconfirmed: self = .stopUnconfirmed(way: try values.required(.way))
        case .working:
            self = .working(
                way: try values.required(.way), cause: try values.required(.cause),
                milliseconds: try values.required(.milliseconds), detect: try values.required(.detectMilliseconds),
                stop: try values.required(.stopMilliseconds), start: try values.required(.startMilliseconds),
                idr: try values.required(.idrMilliseconds))
        case .startFailed: self = .startFailed(way: try values.required(.way), text: try values.required(.text))
        case .mode: self = .mode(mode: try values.required(.mode))
        case .trouble: self = .trouble(text: try values.required(.text))
        case .publisherRefused:
            self = .publisherRefused(peer: try values.required(.peer), way: try values.required(.way))
        case .stopped: self = .stopped
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .ready: Meaning([.notice], [.address], "the switch takes commands at this socket")
        case .abnormal: Meaning([.warning], [.way, .condition], "the way at work meets this condition")
        case .clear: Meaning([.notice], [.way], "the way at work meets no condition any more")
        case .backupNotReady:
            Meaning([.error], [.way], "the way at work is abnormal, and this one could not take over")
        case .switching: Meaning([.warning], [.formerWay, .way, .cause], "the stream is switched to another way")
        case .stopUnconfirmed:
            Meaning([.warning], [.way], "the way didn't say in time that it had stopped; the other is started")
        case .working:
            Meaning(
                [.notice],
                [
                    .way, .cause, .milliseconds, .detectMilliseconds, .stopMilliseconds, .startMilliseconds,
                    .idrMilliseconds,
                ], "the way is at work: its first IDR has come to the server")
        case .startFailed: Meaning([.warning], [.way, .text], "the way could not be started")
        case .mode: Meaning([.notice], [.mode], "a person has set the mode of the switch")
        case .trouble: Meaning([.warning], [.text], "the switch can't reach something that it talks to; said once")
        case .publisherRefused:
            Meaning(
                [.warning], [.peer, .way], "the server was told to refuse a publisher of a way that is not at work")
        case .stopped: Meaning([.notice], [], "the switch has stopped; the way at work goes on")
        }
    }
}
