import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Glibc

/// Machines as network namespaces on one switch, which go away with their owner. Needs root.
final class Namespaces {
    private let prefix: String
    private let hosts: [String]
    private static let program = "/usr/sbin/ip"

    /// Whether this machine lets a test have them.
    static let areThere: Bool = {
        guard geteuid() == 0, access(program, X_OK) == 0 else { return false }
        let name = "bl\(getpid())t"
        guard (try? run(["netns", "add", name])) == true else { return false }
        return (try? run(["netns", "del", name])) == true
    }()

    /// What could not be done to have them.
    struct Failure: Error, CustomStringConvertible { let description: String }

    init(_ hosts: [String]) throws {
        self.hosts = hosts
        prefix = "bl\(getpid())\(UInt8.random(in: 0 ... .max))"
        do {
            let hub = namespace("hub")
            try Self.must(["netns", "add", hub])
            try Self.must(["-n", hub, "link", "add", "switch", "type", "bridge"])
            try Self.must(["-n", hub, "link", "set", "switch", "up"])
            for (place, host) in hosts.enumerated() {
                let name = namespace(host)
                try Self.must(["netns", "add", name])
                try Self.must([
                    "-n", hub, "link", "add", "p\(place)", "type", "veth", "peer", "name", "eth0", "netns", name,
                ])
                try Self.must(["-n", hub, "link", "set", "p\(place)", "master", "switch", "up"])
                try Self.must(["-n", name, "address", "add", "\(address(host))/24", "dev", "eth0"])
                try Self.must(["-n", name, "link", "set", "eth0", "up"])
                try Self.must(["-n", name, "link", "set", "lo", "up"])
            }
        } catch {
            remove()
            throw error
        }
    }

    deinit { remove() }

    private func remove() { for host in hosts + ["hub"] { _ = try? Self.run(["netns", "del", namespace(host)]) } }

    private func namespace(_ host: String) -> String { "\(prefix)\(host)" }

    func address(_ host: String) -> String { "10.77.0.\((hosts.firstIndex(of: host) ?? 0) + 1)" }

    /// The words that put a program onto `host`; `hub` is the switch.
    func words(_ host: String) -> [String] { [Self.program, "netns", "exec", namespace(host)] }

    /// Whether `host` may send to `other`: what the other one sends still comes.
    func cut(from host: String, to other: String, _ isCut: Bool) throws {
        try Self.must(["-n", namespace(host), "route", isCut ? "add" : "del", "blackhole", "\(address(other))/32"])
    }

    private static func must(_ words: [String]) throws {
        guard try run(words) else { throw Failure(description: "ip \(words.joined(separator: " ")) has failed") }
    }

    private static func run(_ words: [String]) throws -> Bool {
        let run = ProgramRun(program, words, environment: ProcessInfo.processInfo.environment)
        return try run.run(within: .seconds(20)).isSuccess
    }
}
