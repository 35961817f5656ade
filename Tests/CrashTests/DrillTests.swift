import BulkheadTestSupport
import Foundation
import Testing

/// `bulkhead drill` as a user's continuous integration runs it.
@Suite(.serialized, .timeLimit(.minutes(3))) struct DrillTests {
    private func drill(_ arguments: [String], within timeout: Duration = .seconds(60)) async throws -> (
        status: Int32, process: RunningProcess
    ) {
        let process = try BulkheadProgram.start(["drill"] + arguments)
        return (await process.wait(timeout: timeout), process)
    }

    private func summary(_ process: RunningProcess) throws -> [String: Any] {
        let line = try #require(process.outputText.split(separator: "\n").last)
        return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test func everyChildIsKilledAndNothingIsLost() async throws {
        let folder = try TemporaryFolder()
        let (status, process) = try await drill([
            "--fault", "encoder:kill@frame=45", "--fault", "plugins:kill@2.5s", "--fault", "source:kill@3.5s",
            "--fault", "encoder:trap@frame=130", "--duration", "8s", "--expect",
            "lost=0,disorder=0,backwards=0,connections=1,frames>=230", "--junit", folder.path("out.xml"), "--json",
        ])
        #expect(status == 0, "\(process.outputText.suffix(3000)) \(process.errorText)")
        let summary = try summary(process)
        #expect(summary["passed"] as? Bool == true)
        let faults = try #require(summary["faults"] as? [[String: Any]])
        #expect(faults.count == 4)
        for fault in faults {
            #expect(fault["isDone"] as? Bool == true)
            let death = fault["death"] as? [String: Any]
            #expect((death?["code"] as? String)?.hasSuffix(".died") == true, "\(fault)")
            #expect(fault["backAfterSeconds"] != nil, "\(fault)")
        }
        let measured = try #require(summary["measured"] as? [String: Any])
        #expect(measured["sync"] != nil)
        let xml = try String(contentsOfFile: folder.path("out.xml"), encoding: .utf8)
        #expect(xml.contains("failures=\"0\""))
    }

    /// Clips of 25 and 60 numbered pictures a second in a canvas of 30: each number that should be seen is. Frames that a machine
    /// too slow for the broadcast leaves out, or does not mix in time, are no loss.
    @Test func everyInputIsWholeWhileScenesChangeAndChildrenDie() async throws {
        let folder = try TemporaryFolder()
        var inputs: [String] = []
        for rate in [25, 60] {
            inputs.append(folder.path("\(rate).flv"))
            let maker = try BulkheadProgram.start([
                "broadcast", "test", "--fps", "\(rate)", "--size", "640x360", "--preset", "ultrafast", "--fast",
                "--duration", "20", "--to", "file:\(folder.path("\(rate).flv"))",
            ])
            #expect(await maker.wait(timeout: .seconds(60)) == 0, "\(maker.errorText)")
        }
        let (status, process) = try await drill(
            inputs + [
                "--scenes", "random:50", "--seed", "7", "--video-bitrate", "2M", "--duration", "16s", "--fault",
                "source=2:kill@4s", "--fault", "mixer:kill@6s", "--fault", "encoder:kill@8s", "--fault",
                "source=1:kill@10s", "--fault", "mixer:hang@12s", "--expect", "backwards=0,connections=1", "--json",
            ])
        #expect(status == 0, "\(process.outputText.suffix(3000)) \(process.errorText.suffix(3000))")
        let measured = try #require(try summary(process)["measured"] as? [String: Any])
        let found = try #require(measured["inputs"] as? [[String: Any]])
        #expect(found.count == 2)
        for input in found {
            #expect(input["lost"] as? Int == 0 && input["disordered"] as? Int == 0, "\(input)")
            #expect((input["shown"] as? Int ?? 0) > (input["unread"] as? Int ?? 0), "\(input)")
        }
        let isSlow = process.outputText.contains("timeline.skipping") || process.errorText.contains("timeline.skipping")
        #expect(measured["missing"] as? Int == 0 || isSlow)
    }

    @Test func anExpectationThatDoesNotHoldIsNamed() async throws {
        let (status, process) = try await drill([
            "--fault", "encoder:kill@1s", "--duration", "3s", "--expect", "lost=0,gap<1ms,frames>9000",
        ])
        #expect(status == 1)
        #expect(process.outputText.contains("gap<1ms: FAILED"))
        #expect(process.outputText.contains("before frame"))
        #expect(process.outputText.contains("lost=0: ok"))
        #expect(process.errorText.contains("encoder: ended: SIGKILL"))
    }

    /// Link 1 has a blackhole that is noticed and a child that is killed meanwhile; link 2 must show nothing of it.
    @Test func faultsOfOneLinkStayWithIt() async throws {
        let (status, process) = try await drill([
            "--links", "2", "--fault", "server:blackhole=2500ms@2s", "--fault", "encoder:kill@3s", "--duration", "9s",
            "--json",
        ])
        #expect(status == 0, "\(process.outputText.suffix(3000)) \(process.errorText)")
        let summary = try summary(process)
        let faults = try #require(summary["faults"] as? [[String: Any]])
        #expect(faults.allSatisfy { $0["isDone"] as? Bool == true }, "\(faults)")
        let death = faults.first?["death"] as? [String: Any]
        #expect(death?["code"] as? String == "link.lost", "\(faults)")
        let links = try #require(summary["links"] as? [[String: Any]])
        #expect(links.map { $0["link"] as? Int } == [1, 2])
        #expect(links.last?["connections"] as? Int == 1)
    }

    /// However a server counts what it acknowledges: nothing is lost, and the connection stays.
    @Test(arguments: ["inc", "fixed", "restart", "i32", "none"])
    func serverAcknowledgesInAWayOfItsOwn(habit: String) async throws {
        let (status, process) = try await drill([
            "--fault", "server:acks=\(habit)@2s", "--duration", "7s", "--video-bitrate", "1500k", "--json",
        ])
        #expect(status == 0, "\(process.outputText.suffix(3000)) \(process.errorText)")
        let summary = try summary(process)
        let fault = try #require((summary["faults"] as? [[String: Any]])?.first)
        #expect(fault["isDone"] as? Bool == true && fault["death"] == nil, "\(fault)")
        #expect(summary["connections"] as? Int == 1, "\(summary)")
        #expect(!process.outputText.contains("link.stalled"), "\(process.outputText)")
    }

    @Test func serverAndDiskAreDisturbed() async throws {
        let (status, process) = try await drill([
            "--fault", "server:restart@2s", "--fault", "disk:full@3s", "--duration", "6s", "--expect",
            "disorder=0,connections=2", "--json",
        ])
        #expect(status == 0, "\(process.outputText.suffix(3000)) \(process.errorText)")
        let faults = try #require(try summary(process)["faults"] as? [[String: Any]])
        let death = faults.last?["death"] as? [String: Any]
        #expect(death?["code"] as? String == "link.failed", "\(faults)")
        let values = death?["values"] as? [String: Any]
        #expect((values?["text"] as? String)?.contains("no space is left") == true, "\(faults)")
    }

    /// What they get is told, and would fail the drill.
    @Test func childrenThatMeanNoGoodGetNothing() async throws {
        let (status, process) = try await drill([
            "--fault", "encoder:freeze@2s", "--fault", "source:loot@5s", "--fault", "encoder:loot@7s", "--fault",
            "plugins:loot@9s", "--fault", "source:flood@11s", "--fault", "encoder:flood@13s", "--fault",
            "plugins:flood@15s", "--duration", "19s", "--expect", "lost=0,disorder=0,connections=1", "--json",
        ])
        #expect(status == 0, "\(process.outputText.suffix(3000)) \(process.errorText)")
        let faults = try #require(try summary(process)["faults"] as? [[String: Any]])
        #expect(faults.count == 7)
        for fault in faults {
            #expect(fault["isDone"] as? Bool == true, "\(fault)")
            let death = fault["death"] as? [String: Any]
            #expect((death?["code"] as? String)?.hasSuffix(".died") == true, "\(fault)")
            guard (fault["fault"] as? String)?.contains("loot") == true else { continue }
            #expect((fault["loot"] as? [String]) == [], "\(fault)")
        }
    }

    /// Its pictures have no numbers: what is expected of it can be measured all the same.
    @Test func drillOfAFileCanPass() async throws {
        let folder = try TemporaryFolder()
        let clip = try await MediaClip.make(seconds: 8)
        try clip.flv.write(to: URL(fileURLWithPath: folder.path("clip.flv")))
        let (status, process) = try await drill([
            folder.path("clip.flv"), "--fault", "encoder:kill@1s", "--duration", "4s",
        ])
        #expect(status == 0, "\(process.outputText.suffix(3000)) \(process.errorText.suffix(3000))")
        #expect(process.outputText.contains("jumps=0: ok") && !process.outputText.contains("not measured"))
        withExtendedLifetime(folder) {}
    }

    @Test func drillThatCanNotReachItsServerLeavesAnErrorInItsReport() async throws {
        let folder = try TemporaryFolder()
        let (status, process) = try await drill([
            "--to", "rtmp://127.0.0.1:1/live/a", "--fault", "encoder:kill@1s", "--duration", "2s", "--name", "night 2",
            "--junit", folder.path("out.xml"),
        ])
        #expect(status != 0 && status != 2, "\(process.errorText)")
        let xml = try String(contentsOfFile: folder.path("out.xml"), encoding: .utf8)
        #expect(xml.contains("<testsuite name=\"night 2\"") && xml.contains("errors=\"1\"") && xml.contains("<error "))
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: [
        ["--fault", "encoder:die@5s"], ["--fault", "encoder:kill"], ["--expect", "lost"], ["--seed", "3"],
        ["--no-such-flag"], ["--size", "3x3"], ["--fault", "server:kill@1s", "--to", "rtmp://127.0.0.1/live/a"],
    ])
    func wrongFlagsAreTwo(arguments: [String]) async throws {
        let (status, process) = try await drill(arguments)
        #expect(status == 2)
        #expect(process.errorText.hasPrefix("bulkhead: "))
    }

    @Test func aSeedIsPrinted() async throws {
        let (status, process) = try await drill([
            "--random", "--duration", "8s", "--kills", "1", "--expect", "lost=0,disorder=0",
        ])
        #expect(status == 0, "\(process.errorText.suffix(3000))")
        #expect(process.outputText.firstMatch(of: #/seed \d+: the same faults again with --random --seed \d+/#) != nil)
    }
}
