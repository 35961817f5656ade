import BulkheadCommands
import BulkheadEvents
import BulkheadMaster
import BulkheadModel
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ReportTests {
    static let status: BroadcastStatus? = try? JSONDecoder().decode(
        BroadcastStatus.self,
        from: Data(
            #"""
            {"state": "on air", "secondsOnAir": 3723.9, "frames": 111717, "framesCommitted": 111710,
            "framesUncommitted": 7, "framesRepeated": 4, "framesLeftOut": 3, "framesSkipped": 1, "framesUnfiltered": 12,
            "framesSlated": 0, "standby": "warm",
            "framesPerSecond": 29.97, "bitsPerSecond": 2512345, "showing": "slate", "encoderAddress": "",
            "plugins": [],
            "children": [
                {"part": {"role": "encoder", "id": 3, "name": "encoder", "duty": "on-air"}, "pid": 7, "state": "ready", "restarts": 1, "lastEnd": "SIGKILL"},
                {"part": {"role": "source", "id": 1, "name": "source", "duty": "on-air"}, "pid": 8, "state": "ready", "restarts": 0, "lastEnd": ""},
                {"part": {"role": "plugin-host", "id": 0, "name": "plugin host", "duty": "on-air"}, "state": "restarting", "restarts": 3, "lastEnd": "SIGSEGV"}],
            "links": [
                {"name": "link 1", "destination": "rtmp://a/live", "state": "publishing", "bitsPerSecond": 2510000,
                "queuedMilliseconds": 120, "queuedBytes": 9, "framesSent": 100, "framesShed": 2, "reconnects": 0,
                "lastError": ""},
                {"name": "link 2", "destination": "rtmp://b/live", "state": "connecting", "bitsPerSecond": 0,
                "queuedMilliseconds": 0, "queuedBytes": 0, "framesSent": 0, "framesShed": 5, "reconnects": 2,
                "lastError": "connection reset"}]}
            """#.utf8))

    private let status: BroadcastStatus

    init() throws { status = try #require(Self.status) }

    @Test func statusLineTellsTheMostImportantFirst() {
        #expect(
            StatusLine(status).text(width: .max)
                == "on air 01:02:03 | link 2 connecting | showing slate | plugin host restarting (restarted 3 times) "
                + "| 30.0 fps | 2.51 Mbit/s | queue 120 ms | dropped 6 | encoder ok (restarted once) | source ok "
                + "| unfiltered 12 | repeated 4 | left out 3")
    }

    /// With no server left, nobody sees the broadcast, whatever the timeline does.
    @Test func troubleIsSeenInNarrowTerminals() {
        var status = status
        for index in status.links.indices { status.links[index].state = .saved }
        let line = StatusLine(status)
        #expect(
            line.text(width: 80)
                == "NOT on air 01:02:03 | link 1 reconnecting (saved) | link 2 reconnecting (saved)")
        #expect(line.text(width: 40) == "NOT on air 01:02:03")
        #expect(line.text(width: .max).contains("queue 0 ms"), "what waits for a dead server is no queue")
        #expect(StatusLine(self.status).text(width: 40) == "on air 01:02:03 | link 2 connecting")
    }

    @Test(arguments: 0...200)
    func statusLineFitsEveryWidth(width: Int) {
        let whole = StatusLine(status).text(width: .max)
        let line = StatusLine(status).text(width: width)
        #expect(line.count <= width)
        #expect(whole.hasPrefix(line))
    }

    @Test(arguments: [
        (0, "00:00:00"), (59.9, "00:00:59"), (3600, "01:00:00"), (360_000, "100:00:00"), (-1, "00:00:00"),
        (.infinity, "00:00:00"), (.nan, "00:00:00"),
    ])
    func timesOnAir(seconds: Double, text: String) { #expect(StatusLine.clock(seconds) == text) }

    @Test(arguments: [(0, "0 kbit/s"), (999_999, "999 kbit/s"), (1_000_000, "1.00 Mbit/s"), (2_096_000, "2.10 Mbit/s")])
    func rates(bits: Int, text: String) { #expect(StatusLine.rate(bits) == text) }

    @Test func eventsAreOneCleanLine() {
        let event = Event(
            .source(1, name: "source 1"), .child(.said(text: "a\u{1B}[2Jb\nc\u{9B}d", severity: .warning)),
            time: 1_700_000_000.25, mediaSeconds: 1)
        #expect(EventLine.log(event) == "2023-11-14T22:13:20.250Z warning source 1: a [2Jb c d")
        #expect(EventLine.short(event, colours: false).hasSuffix(" source 1: a [2Jb c d"))
        #expect(EventLine.short(event, colours: true).hasPrefix("\u{1B}[33m"))
    }

    @Test(arguments: [-1e300, 0, 1e300, .nan, .infinity])
    func timestampsOfNonsenseDoNotTrap(seconds: Double) { #expect(EventLine.timestamp(seconds).hasSuffix("Z")) }

    @Test func statusForAPersonNamesChildrenAndLinks() {
        let text = StatusReport(masterPID: 5, broadcast: status).text
        #expect(
            text == """
                master 5: on air, 01:02:03, showing slate
                rate: 30.0 fps, 2.51 Mbit/s
                frames: 111710 safe, 7 with the encoder, 1 skipped, 4 repeated, 3 left out, 12 unfiltered
                encoder: ready, process 7, restarted once, the last one ended: SIGKILL
                source: ready, process 8
                plugin host: restarting, restarted 3 times, the last one ended: SIGSEGV
                link 1: publishing, rtmp://a/live, 2.51 Mbit/s, queue 120 ms, 100 frames sent, 2 dropped
                link 2: connecting, rtmp://b/live, 0 kbit/s, queue 0 ms, 0 frames sent, 5 dropped, reconnected 2 times, \
                last trouble: connection reset
                """)
        #expect(StatusReport(masterPID: 5, broadcast: nil).text == "master 5: idle, no broadcast")
    }

    @Test func statusForAScriptIsOneObject() throws {
        let encoder = JSONEncoder()
        let data = try encoder.encode(StatusReport(masterPID: 5, broadcast: status))
        #expect(try JSONDecoder().decode(BroadcastStatus.self, from: data) == status)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["masterPID"] as? Int == 5)
        let idle = try encoder.encode(StatusReport(masterPID: 5, broadcast: nil))
        let idleObject = try #require(try JSONSerialization.jsonObject(with: idle) as? [String: Any])
        #expect(idleObject["state"] as? String == "idle")
    }

    @Test func summaryIsOneSentence() {
        #expect(
            SummaryText.text(status)
                == "ended after 01:02:04, 111710 frames, 6 dropped, 4 repeated, 3 left out, 4 restarts of children")
    }
}
