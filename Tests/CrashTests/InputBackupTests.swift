import BulkheadTestSupport
import Foundation
import Testing

/// An input with a backup, under a viewer who reads the numbers in the pictures: each condition is provoked alone, at the one who
/// publishes the input.
@Suite(.timeLimit(.minutes(4))) struct InputBackupTests {
    /// What is done to the input, and the only condition that is watched.
    enum Fault: String, CaseIterable {
        case black, frozen, thin, mute, stopped

        var condition: String {
            switch self {
            case .black: "black 4s"
            case .frozen: "frozen 4s"
            case .thin: "bitrate < 300k for 4s"
            case .mute: "silence 4s"
            case .stopped: "no-data 4s"
            }
        }
    }

    private static let framesPerSecond = 15

    /// A broadcast that publishes the test picture with its numbers, and can be harmed.
    private struct Publisher {
        let process: RunningProcess
        let control: String

        init(to address: String, in folder: TemporaryFolder) throws {
            control = "unix:\(folder.path("publisher"))"
            let file = folder.path("publisher.yml")
            // Lossless, more or less: a picture of noise would be no test picture, and a covered one has to be thin.
            try """
            inputs:
              - {name: cam, input: test}
              - {name: dark, input: "color:black"}
              - {name: grey, input: "color:gray"}
            size: 640x360
            fps: \(InputBackupTests.framesPerSecond)
            preset: ultrafast
            video-bitrate: 1500k
            keyframe-interval: 1
            """.write(toFile: file, atomically: true, encoding: .utf8)
            process = try BulkheadProgram.start([
                "broadcast", "--config", file, "--to", address, "--control", control, "--json",
            ])
        }

        func tell(_ words: [String]) async throws {
            let command = try BulkheadProgram.start(words + ["--attach", control])
            #expect(await command.wait(timeout: .seconds(60)) == 0, "\(words): \(command.errorText)")
        }

        /// A cover for each fault that shows: what is behind it goes on.
        func prepare() async throws {
            #expect(await eventually(within: .seconds(60)) { process.outputText.contains("\"timeline.on-air\"") })
            for cover in ["dark", "grey"] {
                try await tell([
                    "scene", "add", "behind-\(cover)", "--item", "cam", "--item",
                    "\(cover),x=0%,y=0%,width=100%,height=100%",
                ])
            }
            try await tell(["scene", "add", "clear", "--item", "cam"])
            try await tell(["scene", "take", "clear"])
        }

        func harm(_ fault: Fault, _ isOn: Bool) async throws {
            switch fault {
            case .black: try await tell(["scene", "take", isOn ? "behind-dark" : "clear"])
            case .frozen, .thin: try await tell(["scene", "take", isOn ? "behind-grey" : "clear"])
            case .mute: try await tell(["audio", "set", "cam", isOn ? "mute=on" : "mute=off"])
            case .stopped: kill(process.pid, isOn ? SIGSTOP : SIGCONT)
            }
        }
    }

    private static func clip(_ path: String) async throws {
        let maker = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=\(framesPerSecond)", "-f",
                "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "8", "-c:v", "libx264", "-preset",
                "ultrafast", "-c:a", "aac", path,
            ])
        #expect(await maker.wait(timeout: .seconds(60)) == 0, "\(maker.errorText)")
    }

    private static func events(_ show: RunningProcess, _ code: String) -> [ReportedEvent] {
        ReportedEvent.all(in: show.outputText).filter { $0.code == code }
    }

    /// Starts the show, and waits until its input is on air.
    private static func show(
        _ input: String, backup: String, _ condition: String, isCold: Bool, in folder: TemporaryFolder
    ) async throws -> RunningProcess {
        let file = folder.path("show.yml")
        try """
        inputs:
          - name: camera
            input: "\(input)"
            backups: ["\(backup)"]
            when: "\(condition)"
            cold: \(isCold)
            times: {clear: 1s, dwell: 1s, start: 30s}
        size: 640x360
        fps: \(framesPerSecond)
        preset: ultrafast
        video-bitrate: 1500k
        """.write(toFile: file, atomically: true, encoding: .utf8)
        let show = try BulkheadProgram.start([
            "broadcast", "--config", file, "--to", "file:\(folder.path("show.flv"))", "--json",
        ])
        #expect(
            await eventually(within: .seconds(60)) {
                !events(show, "timeline.on-air").isEmpty && events(show, "source.opened").contains { $0.part.id == 1 }
                    && (isCold || events(show, "source.opened").contains { $0.part.id == 2 })
            }, "\(show.outputText)\(show.errorText)")
        #expect(await isOnMain(show), "\(show.outputText)")
        return show
    }

    private static func isOnMain(_ show: RunningProcess) async -> Bool {
        await eventually(within: .seconds(60)) {
            events(show, "switch.working").last?.string("way") ?? "main" == "main"
        }
    }

    private static func size(_ path: String) -> Int {
        ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? 0
    }

    /// So much more of the show is in its file.
    private static func grows(_ path: String, by count: Int = 300_000) async -> Bool {
        let before = size(path)
        return await eventually(within: .seconds(40)) { size(path) > before + count }
    }

    /// Which faults are tried, and whether the backup is begun only then. Each takes most of a minute.
    private static let tested: [(Fault, Bool)] =
        ProcessInfo.processInfo.environment["BULKHEAD_BACKUP_FAULTS"] == nil
        ? [(.black, false), (.mute, true)]
        : [(.black, false), (.frozen, true), (.thin, false), (.mute, true), (.stopped, false)]

    @Test(arguments: tested)
    func theConditionSwitchesAndItsEndSwitchesBack(fault: Fault, isCold: Bool) async throws {
        let folder = try TemporaryFolder()
        let server = try await EmbeddedServer()
        let publisher = try Publisher(to: server.url("cam"), in: folder)
        #expect(await eventually(within: .seconds(60)) { server.log.contains("live/cam") })
        try await publisher.prepare()
        let clip = folder.path("backup.mkv")
        try await Self.clip(clip)
        let show = try await Self.show(server.url("cam"), backup: clip, fault.condition, isCold: isCold, in: folder)
        let file = folder.path("show.flv")
        #expect(await Self.grows(file))
        let known = Self.events(show, "switch.working").count
        // A blip: it is over as soon as it has begun.
        try await publisher.harm(fault, true)
        try await publisher.harm(fault, false)
        #expect(await Self.grows(file, by: 600_000))
        #expect(Self.events(show, "switch.working").count == known, "a blip has switched: \(show.outputText)")

        try await publisher.harm(fault, true)
        #expect(
            await eventually(within: .seconds(60)) { Self.events(show, "switch.working").count > known },
            "\(show.outputText)")
        let away = Self.events(show, "switch.working").last
        #expect(away?.string("way") == "backup" && away?.string("cause") == fault.condition, "\(show.outputText)")
        #expect(Self.events(show, "source.opened").contains { $0.part.id == 2 })
        #expect(await Self.grows(file))
        try await publisher.harm(fault, false)
        #expect(
            await eventually(within: .seconds(60)) { Self.events(show, "switch.working").count > known + 1 },
            "\(show.outputText)")
        #expect(await Self.isOnMain(show))
        #expect(await Self.grows(file))
        await show.end(signal: SIGINT)
        await publisher.process.end(signal: SIGINT)
        await server.end()
        try await Self.judge(file, fault, show, publisher.process)
    }

    /// What a viewer saw: the input's numbers, the backup without any, and the numbers again.
    private static func judge(
        _ file: String, _ fault: Fault, _ show: RunningProcess, _ publisher: RunningProcess
    ) async throws {
        let viewed = try await ViewedFrames.decode(file, width: 640, height: 360, ignoresTimes: true)
        let away = viewed.numbers.split(omittingEmptySubsequences: false) { $0 != nil }.map(\.count).max() ?? 0
        // The backup was seen, in the place of pictures.
        #expect(away >= framesPerSecond / 2, "\(away)")
        let numbers = viewed.numbers.compactMap { $0 }
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 <= $1 }, "it never goes back")
        let gaps = zip(numbers, numbers.dropFirst()).map { Int($1) - Int($0) - 1 }.filter { $0 > 0 }
        let long = gaps.filter { $0 > framesPerSecond }
        // One gap, for as long as the fault and what is waited for behind it. A blip that can be seen is another one.
        #expect(long.count == 1 || (long.count == 2 && fault != .stopped && fault != .mute), "\(gaps)")
        let summary = show.outputText.split(separator: "\n").last { $0.contains("\"kind\":\"summary\"") } ?? ""
        #expect(summary.contains("\"framesSlated\":0"), "\(summary)")
    }

    /// Others call: the input, or its backup.
    @Test(arguments: [true, false]) func whoCallsIsBackedOrBacks(isMain: Bool) async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.take()
        let clip = folder.path("backup.mkv")
        try await Self.clip(clip)
        let address = "rtmp://127.0.0.1:\(port)/live/in"
        let server = try await EmbeddedServer()
        func publish(to address: String) throws -> RunningProcess {
            try BulkheadProgram.start([
                "broadcast", "test", "--size", "640x360", "--fps", "\(Self.framesPerSecond)", "--preset", "ultrafast",
                "--keyframe-interval", "1", "--patience", "5m", "--to", address,
            ])
        }
        let main = isMain ? address : server.url("cam")
        var publisher = try publish(to: main)
        let other = isMain ? nil : try publish(to: address)
        if !isMain { #expect(await eventually(within: .seconds(60)) { server.log.contains("live/cam") }) }
        let show = try await Self.show(
            isMain ? "listen:\(main)" : main, backup: isMain ? clip : "listen:\(address)", "no-data 1s", isCold: false,
            in: folder)
        let file = folder.path("show.flv")
        #expect(await Self.grows(file))
        let known = Self.events(show, "switch.working").count
        await publisher.end(signal: SIGKILL)
        #expect(
            await eventually(within: .seconds(60)) { Self.events(show, "switch.working").count > known },
            "\(show.outputText)")
        #expect(Self.events(show, "switch.working").last?.string("way") == "backup")
        #expect(await Self.grows(file))
        publisher = try publish(to: main)
        #expect(
            await eventually(within: .seconds(60)) { Self.events(show, "switch.working").count > known + 1 },
            "\(show.outputText)")
        #expect(await Self.isOnMain(show))
        #expect(await Self.grows(file))
        await show.end(signal: SIGINT)
        await publisher.end(signal: SIGINT)
        await other?.end(signal: SIGINT)
        await server.end()
        let viewed = try await ViewedFrames.decode(file, width: 640, height: 360, ignoresTimes: true)
        // With another publisher the numbers begin again; the slate has never come.
        #expect(viewed.numbers.contains { $0 != nil })
        #expect(show.outputText.contains("\"framesSlated\":0"))
    }
}
