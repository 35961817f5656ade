import BulkheadCommands
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct StatusCheckTests {
    /// On air, with all that belongs to it.
    private func healthy() throws -> BroadcastStatus {
        var status = try #require(ReportTests.status)
        status.showing = .picture
        for index in status.links.indices { status.links[index].state = .publishing }
        for index in status.children.indices { status.children[index].state = .ready }
        return status
    }

    @Test func broadcastThatIsWellIsOK() throws {
        let check = StatusCheck(try healthy())
        #expect(check.level == .ok && check.findings.isEmpty)
        #expect(check.text.hasPrefix("BULKHEAD OK - on air 01:02:03 | "))
    }

    @Test func noBroadcastIsCritical() {
        #expect(StatusCheck(nil).text == "BULKHEAD CRITICAL - no broadcast is on air")
        let error = BroadcastError(code: .noMaster, "no master listens at unix:/a")
        #expect(StatusCheck(error).text == "BULKHEAD CRITICAL - no master listens at unix:/a")
    }

    @Test func broadcastThatNobodySeesIsCritical() throws {
        var status = try healthy()
        for index in status.links.indices { status.links[index].state = .saved }
        let check = StatusCheck(status)
        #expect(check.level == .critical)
        #expect(check.findings == ["no destination is published to", "link 1 is saved", "link 2 is saved"])
        status = try healthy()
        status.showing = .slateWithoutEncoder
        #expect(StatusCheck(status).level == .critical)
        status = try healthy()
        status.state = .starting
        #expect(StatusCheck(status).level == .critical)
    }

    @Test func tooFewFramesAreTold() throws {
        var status = try healthy()
        status.timelineFramesPerSecond = 30
        #expect(StatusCheck(status).level == .ok)
        status.framesPerSecond = 24.5
        #expect(StatusCheck(status).level == .warning)
        #expect(StatusCheck(status).findings == ["24.5 of 30.0 frames a second go out"])
        status.framesPerSecond = 1.5
        #expect(StatusCheck(status).level == .critical)
        status.secondsOnAir = 2
        #expect(StatusCheck(status).level == .ok)
    }

    @Test func aRecordingInTroubleIsTold() throws {
        var status = try healthy()
        var recording = RecordingStatus(
            name: "recording", path: "/r.mp4", segments: 1, seconds: 9, writtenBytes: 1, durableBytes: 1,
            freeBytes: nil, bytesPerSecond: 1, fullInSeconds: nil, framesDurable: 9, framesLeftOut: 0,
            waitingSeconds: 0, isFallback: false, troubles: [])
        status.recordings = [recording]
        #expect(StatusCheck(status).level == .ok)
        recording.troubles = [
            RecordingTroubleStatus(trouble: .full, subject: .media, path: "/r.mp4", text: "no space", seconds: 3)
        ]
        status.recordings = [recording]
        #expect(StatusCheck(status).level == .warning)
        #expect(StatusCheck(status).findings == ["recording: disk full"])
    }

    @Test func aTargetThatTakesNoNoticesIsTold() throws {
        var status = try healthy()
        status.notices = [NoticeTargetStatus(name: "ops", delivered: 3, waiting: 0, lost: 0, problem: nil)]
        #expect(StatusCheck(status).level == .ok)
        let text = StatusReport(masterPID: 7, broadcast: status).text
        #expect(text.contains("notices to ops: 3 delivered, 0 waiting, 0 lost"))
        status.notices = [
            NoticeTargetStatus(name: "ops", delivered: 3, waiting: 1, lost: 0, problem: "it answers HTTP 503")
        ]
        #expect(StatusCheck(status).level == .warning)
        #expect(StatusCheck(status).findings == ["ops takes no notices: it answers HTTP 503"])
    }

    @Test func reportSaysOnAirOnlyWhereSomebodySeesIt() throws {
        var status = try healthy()
        #expect(StatusReport(masterPID: 7, broadcast: status).text.hasPrefix("master 7: on air, "))
        for index in status.links.indices { status.links[index].state = .saved }
        #expect(StatusReport(masterPID: 7, broadcast: status).text.hasPrefix("master 7: NOT on air, "))
        status.links[0].state = .writing
        #expect(StatusReport(masterPID: 7, broadcast: status).text.hasPrefix("master 7: on air, "))
    }

    @Test func endlessSlateIsAWarning() throws {
        var status = try healthy()
        status.showing = .slate
        #expect(StatusCheck(status).text.hasPrefix("BULKHEAD WARNING - viewers see the slate (on air 01:02:03"))
        status.showing = .lastPicture
        #expect(StatusCheck(status).level == .warning)
    }

    @Test func inputThatTheSlateStandsInForIsAWarning() throws {
        var status = try healthy()
        status.inputs = [
            InputStatus(id: 1, name: "camera", state: .ready, summary: "a camera", isShown: true),
            InputStatus(id: 2, name: "guest", state: .restarting, summary: "a camera", isShown: true, isMissing: true),
        ]
        let check = StatusCheck(status)
        #expect(check.level == .warning)
        #expect(check.findings == ["guest gives no picture: a card with its name stands in its place"])
    }

    @Test func whatIsReplacedIsAWarning() throws {
        var status = try healthy()
        status.links[1].state = .connecting
        status.children[2].state = .restarting
        let check = StatusCheck(status)
        #expect(check.level == .warning)
        #expect(check.findings == ["link 2 is connecting", "plugin host is restarting"])
        status = try healthy()
        status.plugins = [PluginStatus(name: "logo", plugin: "logo", state: .quarantined)]
        #expect(StatusCheck(status).findings == ["plugin logo is left out"])
    }
}
