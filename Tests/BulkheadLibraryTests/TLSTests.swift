import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// Parts of a library that serve HTTPS themselves, with certificates of a private authority.
@Suite(.serialized, .timeLimit(.minutes(3))) struct TLSTests {
    /// Makes an authority, `ca.pem`, and certificates of it for this machine in the stage's folder.
    private func certify(_ names: [String], in stage: LibraryStage, authority: String = "ca") async throws {
        let folder = stage.folder.url
        var script = "set -e\nexec 2>/dev/null\n"
        if !FileManager.default.fileExists(atPath: stage.folder.path("\(authority).pem")) {
            script += """
                openssl req -x509 -newkey rsa:2048 -nodes -keyout \(authority).key -out \(authority).pem -days 2 \
                  -subj /CN=\(authority)\n
                """
        }
        for name in names {
            script += """
                openssl req -newkey rsa:2048 -nodes -keyout \(name).tls.new -out request.pem -subj /CN=\(name)
                printf 'subjectAltName=IP:127.0.0.1,DNS:\(name).test' > names
                openssl x509 -req -in request.pem -CA \(authority).pem -CAkey \(authority).key -CAcreateserial -days 2 \
                  -extfile names -out \(name).crt.new
                mv \(name).tls.new \(name).tls.key
                mv \(name).crt.new \(name).crt\n
                """
        }
        let process = try RunningProcess("sh", ["-c", script], in: folder)
        try #require(await process.wait(timeout: .seconds(60)) == 0, "\(process.errorText)")
    }

    private func secured(_ stage: LibraryStage) -> LibraryStage.Options {
        var options = LibraryStage.Options()
        options.scheme = "https"
        options.commonLines = "ca: ca.pem"
        for part in stage.parts {
            options.lines[part] = "tls-cert: \(part).crt\ntls-key: \(part).tls.key\nclient-ca: ca.pem"
        }
        options.curlFlags = ["--cacert", stage.folder.path("ca.pem")]
        return options
    }

    /// Signals, readings, heartbeats, a tracker's news and players go by TLS, and certificates are renewed meanwhile.
    @Test func allOfALibrarySpeaksTLS() async throws {
        let stage = try LibraryStage(["berlin"], trackers: ["t2"])
        try await certify(stage.parts, in: stage)
        try stage.configure(secured(stage))
        try stage.startAll()
        try MadeRecording(seconds: 1).write(to: stage.folder.path("berlin"), named: "show.mp4")
        for tracker in ["centre", "t2"] {
            let found = try await stage.find("show", at: tracker, nodes: 1)
            let candidate = try #require((found["candidates"] as? [[String: Any]])?.first)
            let hls = try #require(candidate["hls"] as? String)
            #expect(hls.hasPrefix("https://\(stage.place("berlin"))/media/"))
            #expect(try await LibraryUnderTest.get(hls, stage.options.curlFlags).text.contains("#EXT-X-ENDLIST"))
        }
        // Its own authority is known to nobody else.
        await #expect(throws: LibraryUnderTest.CurlFailure.self) {
            try await LibraryUnderTest.get(stage.address("berlin") + "/health")
        }
        // Who is on this machine needs no TLS.
        let status = try LibraryUnderTest.start(["status", "http://\(stage.place("berlin"))"])
        #expect(await status.wait() == 0 && status.outputText.contains("all published"), "\(status.errorText)")
        let doctor = try LibraryUnderTest.start(["doctor", "--config", stage.folder.path("berlin.yaml")])
        _ = await doctor.wait()
        #expect(doctor.outputText.contains("berlin.crt is over in 1 day;"), "\(doctor.outputText)")
        #expect(doctor.outputText.contains("takes what berlin signs"), "\(doctor.outputText)")

        try await certify(["berlin"], in: stage)
        let isRenewed = await eventually(within: .seconds(20)) {
            stage.processes["berlin"]?.outputText.contains("The new certificate is used") == true
        }
        #expect(isRenewed)
        #expect(try await stage.get("berlin", "/health").status == 200)
        await stage.killAll()
    }

    /// A node's recordings by RTMPS, with the certificate of its HTTPS: named by the tracker, played by our commands and FFmpeg's, and
    /// renewed meanwhile. Who doesn't know the authority is told what to do.
    @Test func recordingsPlayByRTMPS() async throws {
        let stage = try LibraryStage(["berlin"])
        try await certify(stage.parts, in: stage)
        let port = try FreePort.take()
        var options = secured(stage)
        options.lines["berlin"]? += "\nrtmp-listen: \"127.0.0.1:\(port)\""
        options.nodeWords["berlin"] = "rtmp: \"rtmps://127.0.0.1:\(port)\""
        try stage.configure(options)
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--fast", "--to", "file:/dev/null", "--duration", "3", "--size", "160x90", "--fps",
            "10",
            "--record", stage.folder.path("berlin/show.mp4"),
        ])
        #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)")
        try stage.startAll()
        let found = try await stage.find("show", nodes: 1)
        let candidate = try #require((found["candidates"] as? [[String: Any]])?.first)
        let rtmp = try #require(candidate["rtmp"] as? String)
        let id = try #require((found["video"] as? [String: Any])?["id"] as? String)
        #expect(rtmp.hasPrefix("rtmps://127.0.0.1:\(port)/media/\(id)?token="))

        let ca = ["--ca", stage.folder.path("ca.pem")]
        func run(_ words: [String]) async throws -> (code: Int32?, errors: String) {
            let process = try BulkheadProgram.start(words)
            return (await process.wait(timeout: .seconds(40)), process.errorText)
        }
        let distrust = "name the file of its authority with --ca"
        for address in [rtmp, stage.address("centre") + "/#\(id)"] {
            for command in [["play", "--output", "/dev/null"], ["probe", "--no-decode"]] {
                let known = try await run(command + [address] + ca)
                #expect(known.code == 0, "\(command) \(address): \(known.errors)")
                let unknown = try await run(command + [address])
                #expect(unknown.code == 66 && unknown.errors.contains(distrust), "\(command): \(unknown.errors)")
            }
        }
        let nowhere = try await run(["play", rtmp, "--ca", "/nowhere.pem"])
        #expect(nowhere.code == 64 && nowhere.errors.contains("/nowhere.pem"), "\(nowhere.errors)")
        // From this machine also without TLS, as HTTP.
        let plain = try await run(["probe", "--no-decode", rtmp.replacing("rtmps:", with: "rtmp:")])
        #expect(plain.code == 0, "\(plain.errors)")
        let ffprobe = try RunningProcess(
            "ffprobe", ["-v", "error", "-show_entries", "stream=codec_type", "-of", "csv", rtmp])
        #expect(await ffprobe.wait(timeout: .seconds(40)) == 0, "\(ffprobe.errorText)")

        let before = try await serial(port)
        try await certify(["berlin"], in: stage)
        #expect(try await eventually(within: .seconds(20)) { try await serial(port) != before })
        #expect(try await run(["probe", "--no-decode", rtmp] + ca).code == 0)
        await stage.killAll()
    }

    /// Of the certificate that is shown at a port of this machine.
    private func serial(_ port: Int) async throws -> String {
        let process = try RunningProcess(
            "sh",
            ["-c", "openssl s_client -connect 127.0.0.1:\(port) </dev/null 2>/dev/null | openssl x509 -noout -serial"])
        #expect(await process.wait(timeout: .seconds(20)) == 0, "\(process.errorText)")
        return process.outputText
    }

    /// Where the centre wants certificates, a node's key alone opens nothing.
    @Test func signatureWithoutCertificateIsRefused() async throws {
        let stage = try LibraryStage(["berlin"])
        try await certify(stage.parts, in: stage)
        var options = secured(stage)
        options.lines["berlin"] = nil
        try stage.configure(options)
        try stage.startAll()
        let isRefused = await eventually(within: .seconds(20)) {
            stage.processes["berlin"]?.outputText.contains("refuses with 401") == true
        }
        #expect(isRefused, "\(stage.processes["berlin"]?.outputText ?? "")")
        await stage.killAll()
    }

    /// Who has taken a node's address is not believed without its certificate.
    @Test func centreReadsNobodyOfAnotherAuthority() async throws {
        let stage = try LibraryStage(["berlin"])
        try await certify(["centre"], in: stage)
        try await certify(["berlin"], in: stage, authority: "other")
        var options = secured(stage)
        options.lines["berlin"] = "tls-cert: berlin.crt\ntls-key: berlin.tls.key"
        try stage.configure(options)
        try stage.startAll()
        let isSaid = await eventually(within: .seconds(20)) {
            stage.processes["centre"]?.outputText.contains(
                "berlin can't be read: https://\(stage.place("berlin")) failed: its certificate is over, or of no authority"
            )
                == true
        }
        #expect(isSaid, "\(stage.processes["centre"]?.outputText ?? "")")
        await stage.killAll()
    }

    /// An address of this machine that is not its loopback interface's; nil where it has none.
    private static let outerAddress: String? = {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return nil }
        defer { freeifaddrs(first) }
        for entry in sequence(first: first, next: { $0?.pointee.ifa_next }) {
            guard let entry, let address = entry.pointee.ifa_addr, address.pointee.sa_family == AF_INET,
                entry.pointee.ifa_flags & UInt32(IFF_LOOPBACK) == 0
            else { continue }
            var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let length = socklen_t(MemoryLayout<sockaddr_in>.size)
            guard getnameinfo(address, length, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0 else {
                continue
            }
            return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return nil
    }()

    /// A token that somebody sends without TLS has been read on the way: it gets nothing, and no redirection.
    @Test(.enabled(if: TLSTests.outerAddress != nil)) func strangersNeedTLS() async throws {
        let stage = try LibraryStage([])
        try await certify(["centre"], in: stage)
        let (port, rtmp) = (try FreePort.take(), try FreePort.take())
        let library = try await LibraryUnderTest([
            "serve", "--folder", stage.folder.path("recordings"), "--listen", ":\(port)", "--rtmp-listen", ":\(rtmp)",
            "--tls-cert", stage.folder.path("centre.crt"), "--tls-key", stage.folder.path("centre.tls.key"),
        ])
        #expect(try await library.get("/health").status == 200)
        let place = "\(try #require(Self.outerAddress)):\(port)"
        let plain = try await LibraryUnderTest.get("http://\(place)/api/videos")
        #expect(plain.status == 400 && plain.text == "This address speaks HTTPS.\n")
        #expect(try await LibraryUnderTest.get("https://\(place)/api/videos", ["-k"]).status == 200)
        let player = try RunningProcess(
            "ffprobe", ["-v", "error", "rtmp://\(try #require(Self.outerAddress)):\(rtmp)/media/x?token=y"])
        #expect(await player.wait(timeout: .seconds(30)) != 0)
        #expect(await eventually { library.process.outputText.contains("a player came by RTMP without TLS") })
        await library.process.end()
    }

    @Test(arguments: [
        ("tls-cert: berlin.crt", "tls-cert and tls-key go together"),
        ("client-ca: ca.pem", "client-ca wants tls-cert and tls-key"),
        ("ca: nowhere.pem", "No such file or directory"),
        ("tls-cert: berlin.key\ntls-key: berlin.key", "holds nothing of that kind in PEM form"),
    ])
    func wrongSettingsAreSaid(lines: String, sentence: String) async throws {
        let stage = try LibraryStage(["berlin"])
        var options = LibraryStage.Options()
        options.lines["berlin"] = lines
        try stage.configure(options)
        try stage.start("berlin")
        let process = try #require(stage.processes["berlin"])
        #expect(await process.wait(timeout: .seconds(20)) == 64)
        #expect(process.errorText.contains(sentence), "\(process.errorText)")
        await stage.killAll()
    }
}
