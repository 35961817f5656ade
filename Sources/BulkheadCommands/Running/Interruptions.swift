import Dispatch
import Glibc

/// The requests to end that come as signals: SIGINT (Ctrl-C), SIGTERM, and SIGHUP where it was not ignored before.
///
/// Make one early: from then on these signals no longer end the process.
struct Interruptions: Sendable {
    /// One element for each signal that comes; for one reader.
    let signals: AsyncStream<Int32>

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        signals = stream
        let queue = DispatchQueue(label: "bulkhead.signals")
        for number in [SIGINT, SIGTERM, SIGHUP] {
            let previous = signal(number, SIG_IGN)
            // `nohup` asks for SIGHUP to be ignored.
            if number == SIGHUP, unsafeBitCast(previous, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
                continue
            }
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            // The handler holds its own source: it is there as long as the process.
            source.setEventHandler { withExtendedLifetime(source) { _ = continuation.yield(number) } }
            source.resume()
        }
    }
}
