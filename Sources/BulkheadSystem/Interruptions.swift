import Dispatch
import Glibc
import SystemPackage

/// The requests that come as signals: SIGINT (Ctrl-C) and SIGTERM to end, SIGHUP, where it was not ignored before, because
/// the terminal is gone.
///
/// Make one early: from then on these signals no longer end the process.
package struct Interruptions: Sendable {
    /// One element for each signal that comes; for one reader.
    package let signals: AsyncStream<Int32>

    /// - Parameter others: more signals that shall come.
    package init(and others: [Int32] = []) {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        signals = stream
        // `nohup` asks for SIGHUP to be ignored.
        let numbers = [SIGINT, SIGTERM] + others + (Self.isIgnored(SIGHUP) ? [] : [SIGHUP])
        // Without a free descriptor for a pipe the signals keep their usual meaning, and nothing else can work either.
        guard let pipe = try? SignalPipe.open(numbers) else { return }
        let source = DispatchSource.makeReadSource(
            fileDescriptor: pipe, queue: DispatchQueue(label: "bulkhead.signals", target: WorkerThreads.queue))
        // The handler holds its own source: it is there as long as the process.
        source.setEventHandler {
            withExtendedLifetime(source) {
                var byte: UInt8 = 0
                while read(pipe, &byte, 1) == 1 { continuation.yield(Int32(byte)) }
            }
        }
        source.resume()
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        return sigaction(number, nil, &action) == 0
            && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
                == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
