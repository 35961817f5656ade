import BulkheadCommands
import BulkheadModel
import Testing

/// What `--record-segment` takes.
@Suite(.timeLimit(.minutes(1))) struct RecordSegmentTests {
    /// An m is a minute, as everywhere else; a size says M.
    @Test(
        arguments: [
            ("30m", 1800.0, nil), ("1h", 3600, nil), ("90", 90, nil), ("30M", nil, 30_000_000),
            ("30MB", nil, 30_000_000),
            ("1h,2GB", 3600, 2_000_000_000), ("2gb", nil, 2_000_000_000),
        ] as [(String, Double?, UInt64?)])
    func limitIsATimeOrASize(text: String, seconds: Double?, byteCount: UInt64?) throws {
        let flags = ["test", "--to", "file:/tmp/o.flv", "--record", "/tmp/r.mp4", "--record-segment", text]
        let recording = try #require(try BroadcastPlanTests.plan(all: flags).settings.recordings?.first)
        #expect(recording.segmentSeconds == seconds && recording.segmentByteCount == byteCount)
    }
}
