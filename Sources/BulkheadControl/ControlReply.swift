package import BulkheadDanmaku
package import BulkheadEvents
package import BulkheadModel
import FoundationEssentials

/// What a master answers: one JSON object a line (docs/control.md).
package enum ControlReply: Sendable {
    /// Nil when the master has no broadcast.
    case status(BroadcastStatus?, masterPID: Int32)
    case done
    /// The request is in effect from this frame of the timeline on.
    case changed(frame: Int64)
    /// The oldest first; the last 200 at most.
    case deaths([DeathRecord])
    case event(Event)
    case servers([LinkServersReport])
    case saved(SavedReplay)
    /// The mark is at this frame of the timeline, so many seconds after the first.
    case marked(frame: Int64, seconds: Double)
    case room(RoomReport)
    /// The oldest first; the last 1000 at most.
    case comments([RoomLogEntry])
    /// What was changed, or would be.
    case planned([ChangeOutcome])
    /// The soonest first.
    case timetable([TimetableRun])
    case summary(SummaryReport)
    /// The newest of each input that has one.
    case thumbnails([Thumbnail])
    /// The next piece of the program, as an FLV file has it.
    case program([UInt8])
    /// The broadcast has ended well.
    case ended(BroadcastSummary)
    case failed(BroadcastError)

    /// What stands behind `reply` in a line; the raw values are stable.
    package enum Word: String, CaseIterable, Codable, Hashable, Sendable {
        case status, done, changed, deaths, event, servers, saved, marked, room, comments, planned, timetable, summary,
            thumbnails, program, ended, failed
    }

    package var word: Word {
        switch self {
        case .status: .status
        case .done: .done
        case .changed: .changed
        case .deaths: .deaths
        case .event: .event
        case .servers: .servers
        case .saved: .saved
        case .marked: .marked
        case .room: .room
        case .comments: .comments
        case .planned: .planned
        case .timetable: .timetable
        case .summary: .summary
        case .thumbnails: .thumbnails
        case .program: .program
        case .ended: .ended
        case .failed: .failed
        }
    }
}

extension ControlReply: Codable {
    package init(from decoder: any Decoder) throws {
        let line = try decoder.container(keyedBy: ControlKey.self)
        switch try line.decode(Word.self, forKey: .reply) {
        case .status:
            self = .status(
                try line.decodeIfPresent(BroadcastStatus.self, forKey: .broadcast),
                masterPID: try line.decode(Int32.self, forKey: .masterPID))
        case .done: self = .done
        case .changed: self = .changed(frame: try line.decode(Int64.self, forKey: .frame))
        case .deaths: self = .deaths(try line.decode([DeathRecord].self, forKey: .deaths))
        case .event: self = .event(try line.decode(Event.self, forKey: .event))
        case .servers: self = .servers(try line.decode([LinkServersReport].self, forKey: .links))
        case .saved: self = .saved(try line.decode(SavedReplay.self, forKey: .replay))
        case .marked:
            self = .marked(
                frame: try line.decode(Int64.self, forKey: .frame),
                seconds: try line.decode(Double.self, forKey: .seconds))
        case .room: self = .room(try line.decode(RoomReport.self, forKey: .room))
        case .comments: self = .comments(try line.decode([RoomLogEntry].self, forKey: .comments))
        case .planned: self = .planned(try line.decode([ChangeOutcome].self, forKey: .changes))
        case .timetable: self = .timetable(try line.decode([TimetableRun].self, forKey: .timetable))
        case .summary: self = .summary(try line.decode(SummaryReport.self, forKey: .summary))
        case .thumbnails: self = .thumbnails(try line.decode([Thumbnail].self, forKey: .thumbnails))
        case .program: self = .program(Array(try line.decode(Data.self, forKey: .flv)))
        case .ended:
            self = .ended(BroadcastSummary(status: try line.decode(BroadcastStatus.self, forKey: .broadcast)))
        case .failed: self = .failed(try line.decode(BroadcastError.self, forKey: .error))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var line = encoder.container(keyedBy: ControlKey.self)
        try line.encode(word, forKey: .reply)
        switch self {
        case .status(let status, let masterPID):
            try line.encodeIfPresent(status, forKey: .broadcast)
            try line.encode(masterPID, forKey: .masterPID)
        case .done: break
        case .changed(let frame): try line.encode(frame, forKey: .frame)
        case .deaths(let deaths): try line.encode(deaths, forKey: .deaths)
        case .event(let event): try line.encode(event, forKey: .event)
        case .servers(let reports): try line.encode(reports, forKey: .links)
        case .saved(let replay): try line.encode(replay, forKey: .replay)
        case .marked(let frame, let seconds):
            try line.encode(frame, forKey: .frame)
            try line.encode(seconds, forKey: .seconds)
        case .room(let report): try line.encode(report, forKey: .room)
        case .comments(let comments): try line.encode(comments, forKey: .comments)
        case .planned(let changes): try line.encode(changes, forKey: .changes)
        case .timetable(let runs): try line.encode(runs, forKey: .timetable)
        case .summary(let report): try line.encode(report, forKey: .summary)
        case .thumbnails(let pictures): try line.encode(pictures, forKey: .thumbnails)
        case .program(let bytes): try line.encode(Data(bytes), forKey: .flv)
        case .ended(let summary): try line.encode(summary.status, forKey: .broadcast)
        case .failed(let error): try line.encode(error, forKey: .error)
        }
    }
}

/// A small picture of one input.
package struct Thumbnail: Codable, Hashable, Sendable {
    /// The input's number.
    package let input: Int
    /// As a JPEG, in the shape of what goes out.
    package let jpeg: [UInt8]
    /// Where in it the input's own picture lies, without the black around it: left, top, width and height, as shares of the whole.
    package let content: [Double]

    package init(input: Int, jpeg: [UInt8], content: [Double]) {
        self.content = content
        self.input = input
        self.jpeg = jpeg
    }

    private enum CodingKeys: String, CodingKey { case input, jpeg, content }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        input = try members.decode(Int.self, forKey: .input)
        jpeg = Array(try members.decode(Data.self, forKey: .jpeg))
        content = try members.decode([Double].self, forKey: .content)
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(input, forKey: .input)
        try members.encode(Data(jpeg), forKey: .jpeg)
        try members.encode(content, forKey: .content)
    }
}

extension ControlReply.Word {
    /// The members of the line besides `reply` and `id`.
    package var keys: [ControlKey] {
        switch self {
        case .status: [.masterPID, .broadcast]
        case .done: []
        case .changed: [.frame]
        case .deaths: [.deaths]
        case .event: [.event]
        case .servers: [.links]
        case .saved: [.replay]
        case .marked: [.frame, .seconds]
        case .room: [.room]
        case .comments: [.comments]
        case .planned: [.changes]
        case .timetable: [.timetable]
        case .summary: [.summary]
        case .thumbnails: [.thumbnails]
        case .program: [.flv]
        case .ended: [.broadcast]
        case .failed: [.error]
        }
    }

    /// Whether a request is settled by the reply; events and pieces of the program only go along.
    package var isFinal: Bool { self != .event && self != .program }

    /// What the reply says, in one line.
    package var meaning: String {
        switch self {
        case .status: "the master's process, and its broadcast where it has one"
        case .done: "the request was carried out, as far as its row says"
        case .changed: "the request is in effect from `frame` of the timeline on"
        case .deaths: "the oldest first, the last 200 at most"
        case .event: "something happened (events.md)"
        case .servers: "one report for each link"
        case .saved: "the replay has been saved: its `paths`, `seconds`, `frames` and `bytes`"
        case .marked: "the mark is at `frame` of the timeline, `seconds` after the first"
        case .room: "the live room"
        case .comments: "the latest comments, the oldest first; 1,000 at most"
        case .planned:
            "what was changed, or would be with `isDryRun`: `what`, `way`, (`value`), (`error`) where it was not done, and "
                + "(`reason`) why it takes effect at the next start only"
        case .timetable: "the next runs, the soonest first: `time` in seconds since 1970, `local`, `at`, `text`"
        case .summary: "what has happened: `lastDay` and `sinceStart`, and the `troubles` of now in words"
        case .thumbnails: "one for each input that has given a picture: `input`, `jpeg`, `content`"
        case .program: "the next piece of the program, as an FLV file has it; the first begins with the file's header"
        case .ended: "the broadcast has ended well; its last status"
        case .failed: "the request is refused, or the broadcast has failed"
        }
    }
}
