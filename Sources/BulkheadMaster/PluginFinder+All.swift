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

    /// Finds those of the chain of a broadcast that is resumed; `onMissing` is told of the others, and why.
    /// - Returns: what was found, and the choices that it was found for, in the chain's order.
    func findMost(
        _ choices: [PluginChoice], onMissing: (_ place: Int, PluginChoice, BroadcastError) -> Void
    ) async -> (choices: [PluginChoice], found: [Found]) {
        var (rest, found): ([PluginChoice], [Found]) = ([], [])
        for (place, choice) in choices.enumerated() {
            do throws(BroadcastError) {
                found.append(try await find(choice))
                rest.append(choice)
            } catch { onMissing(place, choice, error) }
        }
        return (rest, found)
    }
}
