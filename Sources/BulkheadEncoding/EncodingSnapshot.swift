import BulkheadChildren
import BulkheadEvents
import BulkheadMedia
package import BulkheadModel
import BulkheadTimeline
import BulkheadWire

/// The state of the encoding at one moment.
package struct EncodingSnapshot: Codable, Hashable, Sendable {
    /// The encoder on air, then those that stand by.
    package var children: [ChildStatus]
    package var framesCommitted: Int
    /// Given to an encoder and not safe yet.
    package var framesUncommitted: Int
    /// Left out because they ended encoder after encoder.
    package var framesSkipped: Int
    /// Went out as the slate because no encoder could work.
    package var framesSlated: Int
    /// What stands by, as things have come.
    package var standby: StandbyChoice
    package var isInLockstep: Bool
    /// Safe settings are in force, because encoder after encoder has died.
    package var isSafe: Bool
    package var isSlateOnAir: Bool
    /// The stream stands still until an encoder that is started by hand connects.
    package var awaitsForeignEncoder: Bool
    /// Bits a second of pictures that encoders are told.
    package var bitsPerSecond: Int
}

extension EncodingMachine {
    /// - Parameter build: which build of its program a child is, as far as that is known.
    package func snapshot(build: (ChildID) -> String? = { _ in nil }) -> EncodingSnapshot {
        var children = [status(.onAir, currentRun.encoder, build)]
        if terms.standby != .off, !wanted.isForeign {
            let waiting = currentRun.twin.map { [$0] } ?? encodersPost.holders(of: .standby)
            children +=
                waiting.isEmpty
                ? [status(.standby, nil, build)]
                : waiting.map { status(.standby, $0, build) }
        }
        return EncodingSnapshot(
            children: children, framesCommitted: figures.committed, framesUncommitted: uncommittedCount,
            framesSkipped: figures.skipped, framesSlated: figures.slated, standby: terms.standby,
            isInLockstep: currentRun.twin != nil, isSafe: terms.ladder.isSafe, isSlateOnAir: slate.onAir != nil,
            awaitsForeignEncoder: awaitsForeignEncoder, bitsPerSecond: Int(terms.bitsPerSecond))
    }

    private func status(
        _ duty: Duty, _ child: ChildID?, _ build: (ChildID) -> String?
    ) -> ChildStatus {
        let record = encodersPost.record(of: duty)
        return ChildStatus(
            part: .encoder(child ?? 0, child.flatMap { encodersPost.duty(of: $0) } ?? duty),
            pid: child.flatMap { encoders[$0]?.pid }, state: record.state,
            restarts: record.restarts, lastEnd: record.lastEnd, build: child.flatMap(build))
    }

    /// Frames that are not safe yet, in all runs.
    package var uncommittedCount: Int { runs.indices.reduce(0) { $0 + runs[$1].ledger.uncommitted.count } }
}
