package import BulkheadEvents
import BulkheadLinks
package import BulkheadMedia
package import BulkheadModel
package import BulkheadRoom
import BulkheadSystem
package import BulkheadWire

/// A sink that writes a file through `bulkhead-recorder`: what others hold of a ``Recorder``. All but ``run()`` is for code on
/// the reactor's thread, where the recorder lives.
package final class RecorderSink: Sink {
    /// For people.
    package let name: String
    private let reactor: Reactor
    private let recorder: ReactorBound<Recorder>

    /// - Parameters:
    ///   - number: among the files of the broadcast, from 1; 0 for a replay.
    ///   - awaitsIDR: the broadcast is on air already: the first packet kept is an IDR.
    ///   - onRoom: called, on any thread, when there is room again.
    ///   - onHappening: called, on the reactor's thread, with all that is told of it.
    package init(
        name: String, number: Int, _ terms: RecorderMachine.Terms, limits: RecordQueue.Limits = .init(),
        awaitsIDR: Bool, in context: RoomContext, onRoom: @escaping @Sendable () -> Void,
        onHappening: @escaping (RecordingHappening) -> Void = { _ in }
    ) {
        self.name = name
        reactor = context.reactor
        recorder = ReactorBound(
            Recorder(
                name: name, number: number, terms, limits: limits, awaitsIDR: awaitsIDR, in: context, onRoom: onRoom,
                onHappening: onHappening),
            context.reactor)
    }

    package func configure(_ configuration: StreamConfiguration, number: Int) {
        recorder.value.configure(configuration, number: number)
    }
    package func offer(_ packet: Packet) { recorder.value.offer(packet) }
    /// Sound of a further track, counted from 0 as the configuration names them.
    package func offer(_ packet: Packet, track: Int) { recorder.value.offer(packet, track: track) }
    /// Something to be found again, at the picture that came last.
    package func note(_ note: RecordNote) { recorder.value.note(note) }
    /// A comment of the audience, at the picture that came last.
    package func offer(_ comment: RecorderComment) { recorder.value.offer(comment) }
    /// How the room is from now on.
    package func tell(_ room: RecorderComment) { recorder.value.tell(room) }
    package var hasRoom: Bool { recorder.value.hasRoom }
    package func finish() { recorder.value.finish() }
    package func abort() { recorder.value.abort() }
    package var firstSent: MediaTime? { recorder.value.firstSent }
    package var statuses: [LinkStatus] { [recorder.value.status] }

    package func run() async throws(BroadcastError) {
        let outcome = await withCheckedContinuation { continuation in
            reactor.run { [recorder] in recorder.value.begin(continuation) }
        }
        try outcome.get()
    }

    /// The process that writes; nil before there was one.
    package var childStatus: ChildStatus? { recorder.value.childStatus }
    /// How far it has come, for a later broadcast.
    package var place: RecordingPlace { recorder.value.place }
    /// Files that are complete, in order, with their bytes.
    package var completedFiles: [(path: String, byteCount: UInt64)] { recorder.value.completedFiles }
    package var recordingStatus: RecordingStatus { recorder.value.recordingStatus }
}
