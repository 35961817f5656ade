import BulkheadMaster
import BulkheadMedia
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct DescriptorBudgetTests {
    private func settings(inputs: Int = 1, destinations: Int = 1, plugins: Int = 0, isolation: PluginIsolation = .all)
        throws -> BroadcastSettings
    {
        BroadcastSettings(
            inputs: (0..<inputs).map { _ in InputSettings(url: "test") },
            destinations: (0..<destinations).map { DestinationSettings(url: "file:/tmp/\($0).flv") },
            canvas: try #require(Canvas(width: 64, height: 64)), frameRate: try #require(FrameRate(25)),
            plugins: (0..<plugins).map { PluginChoice("frei0r:p\($0)") }, pluginIsolation: isolation)
    }

    @Test func everyPartHasItsShare() throws {
        let least = DescriptorBudget.descriptorCount(for: try settings(), coreCount: 2)
        func more(_ settings: BroadcastSettings) -> Int {
            Int(DescriptorBudget.descriptorCount(for: settings, coreCount: 2)) - Int(least)
        }
        #expect(more(try settings(inputs: 3)) == 16)
        #expect(more(try settings(destinations: 3)) == 16)
        #expect(more(try settings(plugins: 8)) == 0, "they share a host")
        #expect(more(try settings(plugins: 8, isolation: .each)) == 7 * 24)
        #expect(more(try settings(isolation: .each)) == 3 * 24, "plugins may be added on air")
        #expect(
            DescriptorBudget.descriptorCount(for: try settings(), coreCount: 64) == least + 62 * 4,
            "links' threads have descriptors of their own")
    }

    @Test func smallBroadcastFitsTheUsualLimit() throws {
        #expect(DescriptorBudget.descriptorCount(for: try settings(), coreCount: 4) < 1024)
        #expect(throws: Never.self) { try DescriptorBudget.reserve(for: settings()) }
    }
}
