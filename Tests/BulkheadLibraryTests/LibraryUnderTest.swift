import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// What a request came to.
struct HTTPReply {
    let status: Int
    let headers: [String: String]
    let body: Data

    var text: String { String(decoding: body, as: UTF8.self) }

    func json<Value: Decodable>(_: Value.Type) throws -> Value { try JSONDecoder().decode(Value.self, from: body) }

    func object() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: body) as? [String: Any], "\(text)")
    }

    func list() throws -> [[String: Any]] {
        try #require(try JSONSerialization.jsonObject(with: body) as? [[String: Any]], "\(text)")
    }
}

/// A part of a library as a program.
struct LibraryUnderTest {
    let process: RunningProcess
    let address: String

    /// Starts a part and waits until it is ready.
    init(_ arguments: [String], environment: [String: String] = [:], waits: Bool = true) async throws {
        process = try Self.start(arguments, environment)
        guard waits else {
            address = ""
            return
        }
        let process = process
        let isReady = await eventually(within: .seconds(20)) {
            process.outputText.contains("Ready") || !process.isRunning
        }
        try #require(isReady && process.isRunning, "\(process.outputText) \(process.errorText)")
        let port = try #require(process.outputText.firstMatch(of: #/(?:127\.0\.0\.1:|port )(\d+)/#)?.1)
        address = "http://127.0.0.1:\(port)"
    }

    static func start(_ arguments: [String], _ environment: [String: String] = [:]) throws -> RunningProcess {
        try RunningProcess(
            "env",
            environment.map { "\($0.key)=\($0.value)" } + [BulkheadProgram.path("bulkhead-library")] + arguments)
    }

    struct CurlFailure: Error {
        let text: String
    }

    /// A request by curl, which is none of ours.
    static func get(_ url: String, _ flags: [String] = []) async throws -> HTTPReply {
        let curl = try RunningProcess(
            "curl", ["-sS", "--path-as-is", "--max-time", "20", "-D", "-", url] + flags)
        let code = await curl.wait(timeout: .seconds(30))
        // No issue by itself: who asks a part that is being killed goes on.
        guard code == 0 else { throw CurlFailure(text: curl.errorText) }
        var rest = curl.output
        var (status, headers): (Int, [String: String]) = (0, [:])
        while let end = rest.firstRange(of: Data("\r\n\r\n".utf8)) {
            let lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
            guard lines[0].hasPrefix("HTTP/") else { break }
            status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            headers = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2 {
                    headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
                }
            }
            rest = Data(rest[end.upperBound...])
            // An answer before the answer.
            if status >= 200 { break }
        }
        return HTTPReply(status: status, headers: headers, body: rest)
    }

    func get(_ path: String, _ flags: [String] = []) async throws -> HTTPReply {
        try await Self.get(address + path, flags)
    }

    /// The recordings that the centre has, by name.
    func names() async throws -> [String] {
        try await get("/api/videos?limit=200").list().compactMap { $0["name"] as? String }.sorted()
    }
}
