import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadWire
import Testing

/// Where what happens on the timeline gets into recordings.
@Suite(.timeLimit(.minutes(1))) struct RecordingNotesTests {
    private static func picture(_ number: Int64, of rate: FrameRate) -> Packet {
        Packet(
            kind: .video(isIDR: number == 0, isDisposable: false), dts: rate.time(of: number),
            pts: rate.time(of: number + 2), bytes: [1])
    }

    private static func event(_ part: Part, _ happening: Happening) -> Event { Event(part, happening, time: 1.5) }

    private static func death(frame: Int64?) -> Happening {
        .child(
            .died(
                pid: 1, cause: "SIGKILL", frame: frame, uncommitted: 1, plugin: nil, call: nil, standardError: nil))
    }

    @Test func notesWaitForTheirPictures() throws {
        let rate = try #require(FrameRate(30_000, 1001))
        var notes = RecordingNotes()
        notes.take(Self.event(.timeline, .timeline(.marked(text: "goal", frame: 7))))
        notes.take(Self.event(.timeline, .timeline(.taken(scene: "talk", frame: 5))))
        // Before it is known how long a frame is there is no picture.
        #expect(notes.due(behind: Self.picture(9, of: rate)).isEmpty)
        notes.frameRate = rate
        var places: [String] = []
        for number in 0..<10 as Range<Int64> {
            for note in notes.due(behind: Self.picture(number, of: rate)) {
                #expect(note.wallClock == 1_500_000_000)
                places.append("\(note.kind) \(note.text) at \(number)")
            }
            let time = rate.time(of: number)
            #expect(notes.due(behind: Packet(kind: .audio, dts: time, pts: time, bytes: [1])).isEmpty)
        }
        #expect(places == ["scene talk at 5", "mark goal at 7"])
        // The picture that a note is about is missing, or never comes.
        notes.take(Self.event(.timeline, .timeline(.marked(text: "late", frame: 11))))
        #expect(notes.due(behind: Self.picture(12, of: rate)).map(\.text) == ["late"])
        notes.take(Self.event(.timeline, .timeline(.marked(text: "last", frame: 99))))
        #expect(notes.takeRest().notes.map(\.text) == ["last"] && notes.takeRest().notes.isEmpty)
    }

    /// Those of one picture come together, in order, and nothing waits for ever.
    @Test func commentsWaitForTheirPictures() throws {
        let rate = try #require(FrameRate(25))
        var notes = RecordingNotes()
        func comment(_ number: Int64, at milliseconds: Int64) -> RecorderComment {
            RecorderComment(number: number, time: milliseconds * 1_000_000, body: Array("{}".utf8))
        }
        for (number, time) in [(1, 0), (2, 40), (3, 41), (4, 80), (5, 9000)] as [(Int64, Int64)] {
            notes.take(comment(number, at: time))
        }
        let behind = (0..<4 as Range<Int64>).map { number in
            notes.dueComments(behind: Self.picture(number, of: rate)).map(\.number)
        }
        #expect(behind == [[1], [2], [3, 4], []])
        #expect(notes.takeRest().comments.map(\.number) == [5] && notes.takeRest().comments.isEmpty)
        for number in 0..<30_000 as Range<Int64> { notes.take(comment(number, at: 0)) }
        #expect(notes.takeRest().comments.count == 20_000)
    }

    @Test func onlyWhatBelongsIntoRecordingsIsNoted() {
        let child = ChildID(3)
        let events: [(Event, Bool)] = [
            (Self.event(.encoder(child), Self.death(frame: 4)), true),
            // None waited: it is the next one.
            (Self.event(.encoder(child), Self.death(frame: nil)), true),
            (Self.event(.encoder(child, .standby), Self.death(frame: 4)), false),
            (Self.event(.trackEncoder(child, name: "track encoder"), Self.death(frame: 4)), false),
            (Self.event(.mixer(child), Self.death(frame: 4)), false),
            (Self.event(.encoder, .encoder(.slateBegan(frame: 4))), true),
            // The death has been told.
            (Self.event(.encoder(child), .child(.tookOver(pid: 1, was: .standby, frame: 4))), false),
            (Self.event(.timeline, .timeline(.onAir)), false),
        ]
        for (event, belongs) in events {
            var notes = RecordingNotes()
            notes.take(event)
            #expect(event.isForRecordings == belongs)
            #expect(notes.takeRest().notes.map(\.kind) == (belongs ? [.takeover] : []))
        }
    }
}
