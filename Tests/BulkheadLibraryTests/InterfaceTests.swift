import BulkheadLibraryProtocol
import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// The library's HTTP, held to its description and to what Prometheus reads by programs that others have written.
@Suite(.timeLimit(.minutes(4))) struct InterfaceTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static func path(_ name: String) -> String { root.appendingPathComponent(name).path }

    private static let checks = [
        "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
        "response_headers_conformance",
    ]

    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func serve() async throws -> (library: LibraryUnderTest, video: VideoID) {
        let library = try await LibraryUnderTest(["serve", "--folder", folder.url.path, "--listen", "127.0.0.1:0"])
        try MadeRecording(seconds: 6).write(to: folder.url.path, named: "a.mp4")
        #expect(try await eventually { try await library.get("/api/videos").list().count == 1 })
        let id = try #require(try await library.get("/api/videos").list().first?["id"] as? String)
        return (library, try #require(VideoID(id)))
    }

    private func key(_ name: String) throws -> [UInt8] {
        Array(try String(contentsOfFile: folder.path(".library/\(name)"), encoding: .utf8).prefix { $0 != "\n" }.utf8)
    }

    @Test(.enabled(if: access(path(".build/python-schema/requirements.txt"), R_OK) == 0))
    func answersAreThoseOfTheDescription() async throws {
        let (library, video) = try await serve()
        let node = try #require(NodeID("local"))
        let end = Int64(time(nil)) + 3600
        let schema = try RunningProcess(
            "env",
            [
                "PYTHONPATH=\(Self.path(".build/python-schema")):\(Self.path("Tests/LibraryPeers"))",
                "PYTHONDONTWRITEBYTECODE=1", "SCHEMATHESIS_HOOKS=schema_hooks", "VIDEO=\(video)",
                "UPLOAD_TOKEN=\(UploadToken.make(until: end, key: try key("upload.key")))",
                "PLAY_TOKEN=\(PlaybackToken.make(video, node, until: end, key: try key("key")))", "python3", "-c",
                "from schemathesis.cli import schemathesis; schemathesis()", "run",
                Self.path("docs/library.openapi.yaml"), "--url", library.address, "--seed", "7", "--phases",
                "coverage,fuzzing",
                "--max-examples", "4", "--checks",
                Self.checks.joined(separator: ","),
                "--generation-database", "none", "--suppress-health-check", "all", "--no-color",
            ], in: folder.url)
        let code = await schema.wait(timeout: .seconds(200))
        #expect(code == 0, "\(schema.outputText.suffix(6000)) \(schema.errorText.suffix(2000))")
        #expect(
            schema.outputText.contains("Operations:       31 selected / 31 total"), "\(schema.outputText.prefix(2000))")
        #expect(try await library.get("/health").status == 200)
        await library.process.end()
        #expect(library.process.errorText.isEmpty, "\(library.process.errorText)")
    }

    @Test(.enabled(if: access(path(".build/python/prometheus_client"), R_OK) == 0))
    func figuresAreThosePrometheusReads() async throws {
        let (library, _) = try await serve()
        let figures = folder.path("figures")
        try await library.get("/metrics").body.write(to: URL(fileURLWithPath: figures))
        let reader = try RunningProcess(
            "env",
            [
                "PYTHONPATH=\(Self.path(".build/python"))", "PYTHONDONTWRITEBYTECODE=1", "python3", "-c",
                """
                import sys
                from prometheus_client.parser import text_string_to_metric_families
                for family in text_string_to_metric_families(open(sys.argv[1]).read()):
                    # What promtool would complain of.
                    assert family.documentation and family.type in ("gauge", "counter"), family
                    assert family.samples, family
                    for sample in family.samples:
                        assert sample.name.endswith("_total") == (family.type == "counter"), sample
                    print(family.name, *(sample.value for sample in family.samples))
                """, figures,
            ])
        #expect(await reader.wait() == 0, "\(reader.errorText)")
        let known = Dictionary(
            reader.outputText.split(separator: "\n").map { line in
                let words = line.split(separator: " ")
                return (
                    String(words[0].dropFirst("bulkhead_library_".count)), words.dropFirst().compactMap { Double($0) }
                )
            }, uniquingKeysWith: { first, _ in first })
        #expect(known["recordings"] == [1] && known["up"] == [1] && known["node_database_up"] == [1], "\(known)")
        for name in [
            "players", "media_sent_bytes", "changed", "signalled", "unpublished", "disk_free_bytes", "uploads",
            "uploads_held_bytes", "readings", "rows", "failures", "wanted", "centre_database_up", "videos",
            "node_ready", "node_load",
        ] { #expect(known[name]?.count == 1, "\(name)") }
        await library.process.end()
    }
}
