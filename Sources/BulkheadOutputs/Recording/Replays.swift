import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import BulkheadWire

/// The last span of the program, kept in the master's memory, and the replays that are saved from it.
///
/// Each is written by a recorder of its own, beside the recordings and whatever becomes of their disks. It lives on the
/// reactor's thread.
final class Replays {
    /// So many are saved at once: each keeps what it was given until that is on the disk.
    private static let mostSaves = 2
    /// A disk that takes nothing for so long ends a save.
    private static let patience = Duration.seconds(10)

    private let context: RoomContext
    private let wanted: Double
    /// Where replays go that are given no path: an absolute one, with the fields of strftime(3).
    private let path: String
    /// Where they go instead when that disk takes nothing; empty for nowhere.
    private let fallbackFolder: String
    /// What is left free on the disk, as by recordings.
    private let floor: RecorderTask.Floor
    private var buffer: ReplayBuffer
    private var configurations: [Int: StreamConfiguration] = [:]
    private var room: RecorderComment?
    private var saving = 0

    /// Nil where `settings` want none.
    init?(_ settings: BroadcastSettings, in context: RoomContext) {
        guard let seconds = settings.replaySeconds, let path = settings.replayPath else { return nil }
        self.context = context
        self.path = path
        wanted = seconds
        fallbackFolder = settings.recordings?.first { !$0.fallbackFolder.isEmpty }?.fallbackFolder ?? ""
        floor = (settings.recordings?.first ?? RecordingSettings(path: path)).floor
        buffer = ReplayBuffer(limits: .init(duration: MediaTime(nanoseconds: Int64(seconds * 1e9))))
    }

    func configure(_ configuration: StreamConfiguration, number: Int) { configurations[number] = configuration }
    func take(_ packet: Packet) { buffer.append(packet) }
    /// Something to be found again, at the picture that came last.
    func note(_ note: RecordNote) { buffer.append(note) }
    /// A comment of the audience, alike.
    func take(_ comment: RecorderComment) { buffer.append(comment) }
    /// How the room is from now on.
    func tell(_ room: RecorderComment) { self.room = room }

    /// Writes the last `seconds` of the program, or all that is kept, to a new file.
    /// - Parameter path: an absolute path, whose fields of strftime(3) are filled in; nil for the broadcast's own. A name
    ///   that is taken is numbered.
    /// - Throws: what the file fails with; an event has told it then.
    func save(to path: String?, last seconds: Double?) async throws(BroadcastError) -> SavedReplay {
        guard saving < Self.mostSaves else {
            throw BroadcastError(
                code: .tooManySaves, ["maximum": "\(Self.mostSaves)"],
                "\(Self.mostSaves) replays are being saved already", advice: "try again in a moment")
        }
        let span = seconds.map { MediaTime(nanoseconds: Int64(max(0, min($0, 1e6)) * 1e9)) }
        guard let clip = buffer.clip(last: span) else {
            throw BroadcastError(
                code: .noReplay, "no picture has been kept for a replay yet", advice: "try again in a moment")
        }
        saving += 1
        defer { saving -= 1 }
        var failure: BroadcastError?
        for path in paths(path) {
            do throws(BroadcastError) {
                let saved = try await write(clip, to: path)
                context.post(
                    .replay,
                    .recording(
                        .replaySaved(
                            path: saved.paths.joined(separator: ", "), seconds: saved.seconds, frames: saved.frames,
                            bytes: Int64(clamping: saved.bytes))))
                return saved
            } catch { failure = failure ?? error }
        }
        let error = failure ?? BroadcastError(.internal, "the replay has no file")
        context.post(
            .replay,
            .recording(
                .replayFailed(
                    path: path ?? self.path, frames: clip.pictureCount,
                    reason: Reason(error.code.rawValue, error.problem))))
        throw error
    }

    /// Who names a path means no other.
    private func paths(_ path: String?) -> [String] {
        if let path { return [path] }
        guard !fallbackFolder.isEmpty else { return [self.path] }
        let name = self.path.lastIndex(of: "/").map { self.path[self.path.index(after: $0)...] } ?? self.path[...]
        return [self.path, "\(fallbackFolder)/\(name)"]
    }

    private func write(_ clip: ReplayBuffer.Clip, to path: String) async throws(BroadcastError) -> SavedReplay {
        var task = RecorderTask(.mp4, path: path, isPattern: true, persists: false)
        task.recording = .init(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
        task.floor = floor
        // The newest picture has come just now.
        let newest = clip.packets.last?.dts ?? .zero
        task.timelineStart = Int64(EventLog.wallClock() * 1e9) - newest.nanoseconds
        var terms = RecorderMachine.Terms(task)
        terms.patience = Self.patience
        terms.tellsTrouble = false
        terms.firstPicture = clip.firstPicture
        let sink = RecorderSink(
            name: "replay", number: 0, terms, limits: .unlimited, awaitsIDR: false, in: context, onRoom: {})
        for (number, configuration) in configurations { sink.configure(configuration, number: number) }
        if let room { sink.tell(room) }
        var picture = clip.firstPicture
        for packet in clip.packets {
            sink.offer(packet)
            guard packet.isVideo else { continue }
            for note in clip.notes[picture] ?? [] { sink.note(note) }
            for comment in clip.comments[picture] ?? [] { sink.offer(comment) }
            picture += 1
        }
        sink.finish()
        try await sink.run()
        let files = sink.completedFiles
        let rate = clip.packets.first.flatMap { configurations[$0.configuration] }?.frameRate
        return SavedReplay(
            paths: files.map(\.path), seconds: (clip.duration + (rate?.interval ?? .zero)).seconds,
            frames: clip.pictureCount, bytes: files.reduce(0) { $0 + $1.byteCount })
    }

    var status: ReplayStatus {
        ReplayStatus(
            seconds: buffer.duration.seconds, wantedSeconds: wanted, bytes: buffer.byteCount,
            mostBytes: buffer.limits.byteCount, saving: saving)
    }
}
