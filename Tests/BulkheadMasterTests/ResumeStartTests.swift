import BulkheadInputs
import BulkheadMaster
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

/// What is made of a record when a broadcast goes on.
@Suite(.timeLimit(.minutes(1))) struct ResumeStartTests {
    private static func record(_ change: (inout ResumeRecord) -> Void = { _ in }) throws -> ResumeRecord {
        var record = try JSONLine.decode(ResumeRecord.self, from: ResumeFilesTests.record.utf8)
        change(&record)
        return record
    }

    @Test func itGoesOnToTheFrame() throws {
        let start = try ResumeStart(try Self.record(), .continue, isAfterReboot: false)
        #expect(start.firstFrame == 122 && start.pictures == 121 && start.framesBefore == 0)
        #expect(start.inputs.first?.resume?.position == 4_033_000_000)
        #expect(start.recordings.first?.segment == 3 && start.gone.map(\.input) == ["jingle"])
        #expect(start.settings.resume == nil && start.settings.name == "evening")
    }

    /// What was sent in the last seconds is not known: no number is given twice.
    @Test func numbersGoOnFurtherBehindAReboot() throws {
        let start = try ResumeStart(try Self.record(), .continue, isAfterReboot: true)
        #expect(start.firstFrame == 122 + 90 && start.pictures == 121 + 90)
    }

    @Test func aFreshTimelineBeginsAtZero() throws {
        let start = try ResumeStart(try Self.record { $0.framesBefore = 10 }, .fresh, isAfterReboot: true)
        #expect(start.firstFrame == 0 && start.pictures == 0 && start.recordings.isEmpty)
        #expect(start.framesBefore == 132)
        #expect(start.inputs.first?.resume?.position == 4_033_000_000)
    }

    @Test func itsLengthIsCountedOverAll() throws {
        #expect(throws: Never.self) {
            try ResumeStart(
                try Self.record { $0.settings.durationSeconds = 5 }, .continue, isAfterReboot: false)
        }
        for timeline in ResumeWish.Timeline.allCases {
            let record = try Self.record { $0.settings.durationSeconds = 4 }
            #expect(throws: BroadcastError.self) { try ResumeStart(record, timeline, isAfterReboot: false) }
        }
    }

    @Test func standardInputCannotBeReadTwice() throws {
        let record = try Self.record {
            $0.settings.inputs.append(InputSettings(url: "-", name: "pipe"))
            $0.inputs.append(InputPlace(id: 5, name: "pipe"))
        }
        let start = try ResumeStart(record, .continue, isAfterReboot: false)
        #expect(start.gone.map(\.input) == ["jingle", "pipe"] && start.settings.inputs.map(\.name) == ["camera"])
        #expect(start.gone.last?.cause == "standard input can't be read twice")
        let alone = try Self.record { $0.settings.inputs[0].url = "-" }
        let error = #expect(throws: BroadcastError.self) {
            try ResumeStart(alone, .continue, isAfterReboot: false)
        }
        #expect(error?.problem.contains("standard input") == true)
    }

    @Test func aFileThatIsThereStays() throws {
        let folder = try TemporaryFolder()
        for name in ["out.flv", "out-2.flv", "show-7.flv"] {
            try Data().write(to: URL(fileURLWithPath: folder.path(name)))
        }
        let record = try Self.record { record in
            record.settings.destinations = ["out", "show-7", "new", "out-2"].map {
                DestinationSettings(url: "file:\(folder.path($0)).flv")
            }
        }
        let start = try ResumeStart(record, .continue, isAfterReboot: false)
        #expect(
            start.settings.destinations.map { $0.url.split(separator: "/").last.map(String.init) }
                == ["out-3.flv", "show-8.flv", "new.flv", "out-4.flv"])
    }

    @Test func theTrailKnowsWhatWasSafe() {
        var trail = FrameTrail()
        func places(_ pts: Int64) -> [InputID: SourceResume] {
            [1: SourceResume(pts: pts, position: pts, audioSample: pts)]
        }
        #expect(trail.reached(0) == nil)
        for frame in 10..<20 { trail.gave(Int64(frame), places(Int64(frame))) }
        #expect(trail.reached(9) == nil)
        #expect(trail.reached(12) == places(12))
        // Asked again, and behind a frame that was left out.
        #expect(trail.reached(12) == places(12))
        trail.gave(25, places(25))
        #expect(trail.reached(22) == places(19))
        #expect(trail.reached(15) == nil)
        // However long no frame becomes safe.
        for frame in 26..<5000 { trail.gave(Int64(frame), places(Int64(frame))) }
        #expect(trail.reached(4999) == places(4999))
    }
}
