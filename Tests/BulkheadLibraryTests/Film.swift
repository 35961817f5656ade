import BulkheadTestSupport
import Foundation
import Testing

/// A film of another program: 320x180, 25 pictures a second with B-frames, an IDR each second, and a tone.
struct Film {
    /// How its tables lie.
    enum Form: String, CaseIterable { case tablesBehind, tablesInFront, fragments }

    let path: String
    let bytes: Data

    static func make(
        _ folder: TemporaryFolder, _ form: Form = .tablesBehind, seconds: Int = 6, coder: String = "libx264"
    )
        async throws -> Film
    {
        let path = folder.path("\(form)-\(coder).mp4")
        let flags = [
            Form.tablesBehind: [], .tablesInFront: ["-movflags", "+faststart"],
            .fragments: [
                "-movflags", "frag_keyframe+empty_moov",
            ],
        ]
        let process = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-f", "lavfi", "-i",
                "sine=frequency=440:sample_rate=48000", "-t", "\(seconds)", "-c:v", coder, "-bf", "2", "-g", "25",
                "-pix_fmt", "yuv420p", "-b:v", "1200k", "-c:a", "aac", "-fflags", "+bitexact",
            ] + (flags[form] ?? []) + [path])
        try #require(await process.wait() == 0, "\(process.errorText)")
        return Film(path: path, bytes: try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}

extension LibraryUnderTest {
    /// `bulkhead library upload`.
    func upload(_ path: String, key: String, _ flags: [String] = []) throws -> RunningProcess {
        try Self.start(["upload", path, "--to", address, "--key-file", key] + flags)
    }

    /// The addresses that the tracker gives for a video.
    func candidate(_ id: String) async throws -> (hls: String, mp4: String, flv: String) {
        #expect(try await eventually { try await get("/find/\(id)").status == 200 })
        let candidates = try await get("/find/\(id)").object()["candidates"] as? [[String: Any]]
        let candidate = try #require(candidates?.first)
        let mp4 = try #require(candidate["mp4"] as? String)
        return (try #require(candidate["hls"] as? String), mp4, mp4.replacing("file.mp4", with: "file.flv"))
    }

    /// What ffprobe counts in what is served.
    func packets(_ target: String) async throws -> String {
        let probe = try RunningProcess(
            "ffprobe",
            [
                "-v", "error", "-count_packets", "-show_entries", "stream=codec_type,nb_read_packets", "-of", "csv",
                address + target,
            ])
        let code = await probe.wait(timeout: .seconds(60))
        #expect(code == 0 && probe.errorText.isEmpty, "\(target): \(probe.errorText)")
        return probe.outputText.split(separator: "\n").filter { $0.hasPrefix("stream") }.joined(separator: " ")
    }
}
