import BulkheadEvents
import BulkheadLiveServer
import BulkheadModel
import BulkheadRTMP
import BulkheadSystem
import Glibc

/// A live server by itself, until a signal ends it.
struct Server {
    private let settings: OriginSettings
    /// The exit code for what is wrong until somebody changes it, as of all commands: a service manager does not try it again.
    private static let badSettings: CInt = 64

    init(_ settings: OriginSettings) { self.settings = settings }

    /// The result is the exit code.
    func run() async -> CInt {
        let options: LiveServerOptions
        do throws(BroadcastError) { options = try LiveServerOptions(settings) } catch {
            ServeLog(isJSON: settings.isJSON, secretNames: []).writeError("bulkhead serve: \(error.problem)")
            return Self.badSettings
        }
        let log = ServeLog(isJSON: settings.isJSON, secretNames: options.streamKeys ?? [])
        // Before anybody can connect, so that no signal finds the default action.
        let habit = settings.acknowledgements.flatMap(AcknowledgementHabit.init(rawValue:))
        let interruptions = Interruptions(and: habit == nil ? [SIGUSR1] : [SIGUSR1, SIGUSR2])
        let server: LiveServer
        do {
            server = try await LiveServer.start(
                host: settings.host, port: settings.port, options: options, onEvent: log.write)
        } catch {
            log.writeError("bulkhead serve: \(error)")
            return error.isOfSettings ? Self.badSettings : EXIT_FAILURE
        }
        log.writeReady(server, key: settings.streamKeys == nil ? "KEY" : "<stream key>")
        for await signal in interruptions.signals {
            if signal == SIGUSR2, let habit {
                await server.acknowledge(as: habit)
                continue
            }
            guard signal == SIGUSR1 else { break }
            let count = await server.askPublishersToReconnect(
                to: settings.moveTo, text: "asked to by the server's operator")
            log.write(.reconnectRequested(publishers: count))
        }
        await server.stop()
        log.write(.stopped)
        log.flush()
        return EXIT_SUCCESS
    }
}
