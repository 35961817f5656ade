import BulkheadLibraryProtocol
import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// A library whose parts are machines of their own: who connects to whom, where media go, and a network that carries one way
/// only.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: Namespaces.areThere)) struct NetworkTests {
    /// Node, centre and player on machines of their own.
    private final class Stage {
        let library: LibraryStage
        let machines: Namespaces

        init(_ nodes: [String]) throws {
            library = try LibraryStage(nodes)
            machines = try Namespaces(nodes + ["centre", "player"])
            var options = LibraryStage.Options()
            for part in library.parts { options.hosts[part] = machines.address(part) }
            try library.configure(options)
        }

        func start(_ part: String) throws { try library.start(part, prefix: machines.words(part)) }

        func startAll() throws { for part in library.parts { try start(part) } }

        /// What the player is told.
        func get(_ path: String) async throws -> String {
            let words = machines.words("player") + ["curl", "-sS", "--max-time", "5", library.address("centre") + path]
            let curl = try RunningProcess(words[0], Array(words.dropFirst()))
            await curl.wait()
            return curl.outputText
        }

        func id(_ name: String) async throws -> String? {
            let list =
                try? JSONSerialization.jsonObject(with: Data(try await get("/api/videos").utf8)) as? [[String: Any]]
            return list?.first { $0["name"] as? String == name }?["id"] as? String
        }
    }

    /// Reads a capture: who begins connections to whom, bytes of payload by direction, and between whom `moof` and `mdat` go.
    private static let reader = """
        import json, struct, sys
        data = open(sys.argv[1], "rb").read()
        place, begun, sent, media = 24, [], {}, []
        while place + 16 <= len(data):
            count = struct.unpack_from("<I", data, place + 8)[0]
            packet = data[place + 16:place + 16 + count]
            place += 16 + count
            if packet[12:14] != b"\\x08\\x00": continue
            ip = packet[14:]
            if ip[9] != 6: continue
            tcp = ip[(ip[0] & 15) * 4:struct.unpack(">H", ip[2:4])[0]]
            pair = ".".join(map(str, ip[12:16])) + " " + ".".join(map(str, ip[16:20]))
            if tcp[13] & 0x12 == 2 and pair not in begun: begun.append(pair)
            load = tcp[(tcp[12] >> 4) * 4:]
            sent[pair] = sent.get(pair, 0) + len(load)
            if (b"moof" in load or b"mdat" in load) and pair not in media: media.append(pair)
        print(json.dumps({"begun": begun, "sent": sent, "media": media}))
        """

    private struct Capture: Decodable {
        let begun: [String]
        let sent: [String: Int]
        let media: [String]
    }

    @Test func centreConnectsToNodesAndMediaGoFromNodeToPlayerOnly() async throws {
        let stage = try Stage(["berlin", "paris"])
        let file = stage.library.folder.path("capture")
        let words =
            stage.machines.words("hub")
            // Else the last packets lie in the kernel for a second, and are lost when it is ended.
            + [
                "tcpdump", "-i", "switch", "-B", "65536", "--immediate-mode", "-U", "-s", "0", "-w", file, "-Z", "root",
                "tcp",
            ]
        let capture = try RunningProcess(words[0], Array(words.dropFirst()))
        #expect(
            await eventually(within: .seconds(20)) { capture.errorText.contains("listening on") },
            "\(capture.errorText)")
        try MadeRecording(seconds: 600).write(to: stage.library.folder.path("berlin"), named: "show.mp4")
        try stage.startAll()
        let isThere = try await eventually(within: .seconds(30)) {
            guard let id = try await stage.id("show") else { return false }
            return try await stage.get("/find/\(id)").contains("\"candidates\"")
        }
        try #require(isThere)
        let id = try #require(try await stage.id("show"))
        let output = stage.library.folder.path("out.mp4")
        let play =
            stage.machines.words("player")
            + [
                BulkheadProgram.path("bulkhead"), "play", "\(stage.library.address("centre"))/#\(id)", "--output",
                output,
            ]
        let player = try RunningProcess(play[0], Array(play.dropFirst()))
        #expect(await player.wait(timeout: .seconds(60)) == 0, "\(player.errorText)")
        let size = try #require(try FileManager.default.attributesOfItem(atPath: output)[.size] as? Int)
        await capture.end()
        await stage.library.killAll()
        let reader = try RunningProcess("python3", ["-c", Self.reader, file])
        #expect(await reader.wait() == 0, "\(reader.errorText)")
        let seen = try JSONDecoder().decode(Capture.self, from: reader.output)
        func pair(_ from: String, _ to: String) -> String {
            "\(stage.machines.address(from)) \(stage.machines.address(to))"
        }
        // The centre reads its nodes; they signal it, and the player goes to the one that it was sent to.
        for node in ["berlin", "paris"] {
            #expect(
                seen.begun.contains(pair("centre", node)) && seen.begun.contains(pair(node, "centre")), "\(seen.begun)")
        }
        #expect(seen.begun.contains(pair("player", "centre")) && seen.begun.contains(pair("player", "berlin")))
        #expect(!seen.begun.contains(pair("centre", "player")) && !seen.begun.contains(pair("berlin", "player")))
        #expect(seen.media == [pair("berlin", "player")], "\(seen.media)")
        #expect(size > 300_000)
        #expect(seen.sent[pair("berlin", "player"), default: 0] >= size, "\(capture.errorText)")
        for (way, count) in seen.sent where way != pair("berlin", "player") {
            #expect(count < size / 4, "\(way): \(count) of \(size)")
        }
    }

    /// What the centre sends to the node is lost, and what the node sends arrives; then the other way round.
    @Test(arguments: [true, false]) func networkThatCarriesOneWayLosesNothing(toNode: Bool) async throws {
        let stage = try Stage(["berlin"])
        try stage.startAll()
        try MadeRecording(seconds: 1).write(to: stage.library.folder.path("berlin"), named: "before.mp4")
        #expect(try await eventually(within: .seconds(30)) { try await stage.id("before") != nil })
        let (from, to) = toNode ? ("centre", "berlin") : ("berlin", "centre")
        try stage.machines.cut(from: from, to: to, true)
        try MadeRecording(seconds: 1).write(to: stage.library.folder.path("berlin"), named: "meanwhile.mp4")
        // The node has it, and its heartbeats come to nothing: no player is sent there.
        let store = try #require(stage.library.nodeStore("berlin"))
        #expect(
            try await eventually(within: .seconds(20)) {
                try store.page(after: 0, limit: 9, isWhole: true).rows.contains {
                    $0.record.name == "meanwhile" && !$0.isPublished
                }
            })
        let isGone = try await eventually(within: .seconds(30)) {
            guard let id = try await stage.id("before") else { return false }
            return try await stage.get("/find/\(id)").contains("no node that has it is alive")
        }
        #expect(isGone)
        #expect(try await stage.id("meanwhile") == nil)
        try stage.machines.cut(from: from, to: to, false)
        let isFound = try await eventually(within: .seconds(60)) {
            guard let id = try await stage.id("meanwhile") else { return false }
            return try await stage.get("/find/\(id)").contains("\"candidates\"")
        }
        #expect(isFound)
        await stage.library.killAll()
    }
}
