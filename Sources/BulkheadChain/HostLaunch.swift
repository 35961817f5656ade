import BulkheadChildren
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import BulkheadWire

/// What it takes to start a plugin host.
struct HostLaunch {
    let canvas: Canvas
    let frameRate: FrameRate
    /// How many pictures the host's results may be in at once.
    let slotCount: Int
    /// Where its plugins may write; empty for nowhere.
    let dataFolder: String

    /// Starts a host that loads `chain`, with a pool of its own.
    /// - Throws: kind `installation`.
    func start(_ chain: [ChainPlugin], in context: RoomContext) throws(BroadcastError) -> PluginStub {
        let child: Child
        let pool: UInt32
        do throws(ChildLaunchError) {
            do { pool = try context.pools.create(canvas, slotCount: slotCount) } catch { throw .system(error) }
            do { child = try Child(.pluginHost, context.programs.launch(.pluginHost), on: context.reactor) } catch {
                context.pools.retire(pool)
                throw error
            }
        } catch {
            throw BroadcastError(starting: "the plugin host", error)
        }
        return PluginStub(
            child, chain: chain.map(\.settings), readablePaths: chain.flatMap(\.readablePaths),
            dataFolder: dataFolder, canvas: canvas, frameRate: frameRate, pool: pool, of: context.pools)
    }
}
