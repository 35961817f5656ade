import BulkheadChildRuntime
import BulkheadWire
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ArmedFaultsTests {
    @Test func eachRoleHasItsOwn() throws {
        let text = "encoder:trap@300,source:slow=500@120,plugin-host:leak@7"
        var encoder = try #require(ArmedFaults(text, role: .encoder, claims: nil))
        #expect(encoder.due(at: 299).isEmpty)
        #expect(encoder.due(at: 301) == [.trap])
        #expect(encoder.due(at: 302).isEmpty)
        var source = try #require(ArmedFaults(text, role: .source, claims: nil))
        #expect(source.due(at: 120) == [.slow(milliseconds: 500)])
        var host = try #require(ArmedFaults(text, role: .pluginHost, claims: nil))
        #expect(host.due(at: 1000) == [.leak])
        #expect(ArmedFaults(text, role: .decoder, claims: nil) == nil)
    }

    @Test(arguments: [(59, 0), (60, 1), (75, 1), (76, 0)]) func aPlaceHasAnEnd(start: Int64, count: Int) throws {
        var source = try #require(ArmedFaults("source:trap@60-75", role: .source, claims: nil))
        #expect(source.due(at: start).count == count)
    }

    @Test(arguments: [
        "encoder:trap@5-", "encoder:trap@5-4", "encoder:trap@-5", "", "encoder", "encoder:trap", "encoder:trap@",
        "encoder:trap@x", "encoder:dance@3", ":trap@3", ",@",
    ])
    func whatCanNotBeReadIsPassedOver(text: String) {
        #expect(ArmedFaults(text, role: .encoder, claims: nil) == nil)
    }

    @Test(arguments: ["slow", "slow=", "slow=-1", "slow=x", "trap=1", ""])
    func kindsAreReadStrictly(text: String) { #expect(ArmedFaults.Kind(text) == nil) }

    @Test func onlyTheFirstProcessTakesAFault() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("claims-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let text = "encoder:garbage@5,encoder:exit@9"
        var first = try #require(ArmedFaults(text, role: .encoder, claims: folder.path))
        var second = try #require(ArmedFaults(text, role: .encoder, claims: folder.path))
        #expect(first.due(at: 5) == [.garbage])
        #expect(second.due(at: 9) == [.exit])
        #expect(first.due(at: 9).isEmpty)
    }
}
