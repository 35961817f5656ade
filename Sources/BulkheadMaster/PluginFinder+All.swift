import BulkheadChain
import BulkheadModel

extension PluginFinder {
    /// Finds the plugins of a chain, in its order.
    func findAll(_ choices: [PluginChoice]) async -> Result<[Found], BroadcastError> {
        var found: [Found] = []
        for choice in choices {
            do throws(BroadcastError) { found.append(try await find(choice)) } catch { return .failure(error) }
        }
        return .success(found)
    }
}
