import BulkheadChildRuntime
import BulkheadMP4
import BulkheadMedia
import BulkheadRecording
import BulkheadSystem
import BulkheadWire
import Glibc
import SystemPackage

/// Writes what the master gives into files, one after the other. It lives on a thread of its own, which may wait for the
/// disk, and tells the master how far it has come and what is wrong.
final class FileScribe {
    private let task: RecorderTask
    private let state: RecorderState
    private let voice: WireVoice
    private var file: MediaFile?
    private var container: (any MediaContainer)?
    private var index: IndexFile?
    private var comments: CommentsFile?
    /// How the room is, for each file's first line.
    private var room: RecorderComment?
    /// Comments that came before the file could begin.
    private var earlyComments: [RecorderComment] = []
    private var configuration: StreamConfiguration?
    /// That of the file's pictures.
    private var fileConfiguration: StreamConfiguration?
    /// Of the file that is written.
    private var segment: UInt32
    private var origin = MediaTime.zero
    private var begins: MediaTime?
    /// What has been made of items and is not written.
    private var output: [UInt8] = []
    /// For the index, when that is on the disk.
    private var indexOutput: [UInt8] = []
    private var outputNumber: Int64 = -1
    private var writtenNumber: Int64 = -1
    private var durableNumber: Int64 = -1
    private var durableByteCount: UInt64 = 0
    private var lastSync = MonotonicTime.now
    private var pace = DiskPace()
    /// The piece that is written lies in blocks that were taken ahead.
    private var isBelowFloor = false
    /// Nothing is written any more: the master knows.
    private var isStopped = false
    private var raised: Set<RecorderTrouble.Kind> = []

    /// What one write holds at most, unless a single piece is longer.
    private static let outputByteCount = 1 << 20
    private static let retryMilliseconds: UInt32 = 1000
    /// Between two syncs of a file that is not synced piece by piece.
    private static let syncInterval = Duration.milliseconds(500)

    init(_ task: RecorderTask, _ state: RecorderState, _ voice: WireVoice) {
        self.task = task
        self.state = state
        self.voice = voice
        segment = task.segment
    }

    // MARK: files

    /// Opens the first file.
    /// - Parameter device: what it is, where it is open already.
    func open(device: consuming OwnedDescriptor?) {
        if let device = device.take() {
            do throws(Errno) { opened(try MediaFile.adopt(device: device, path: task.path, state)) } catch {
                stop(.notCreated, error)
            }
            return
        }
        if let part = task.part, goOn(with: part) { return }
        if task.part != nil { segment = segment.addingReportingOverflow(1).partialValue }
        make()
    }

    /// Goes on in a file that another recorder has begun.
    /// - Returns: false where that is not possible.
    private func goOn(with part: RecordedPart) -> Bool {
        guard var file = MediaFile.goOn(with: part, isMP4: task.format == .mp4, state) else { return false }
        origin = MediaTime(nanoseconds: part.origin)
        // The file's age is not that of this process.
        if task.isPattern, file.byteCount > 0 { begins = origin }
        // Nothing was on the disk.
        guard file.byteCount > 0, task.format == .mp4 else {
            opened(file)
            return true
        }
        do {
            let reading = try SegmentReading(DescriptorSource(file.readableDescriptor))
            if reading.end < file.byteCount { try file.cut(to: reading.end) }
            let container = try MP4Container(task, continuing: reading)
            let expected = IndexWriter.bytes(of: reading.index)
            let path = file.path
            opened(file, container: container)
            index = IndexFile(of: path, expected: expected, state, voice)
        } catch {
            try? file.close()
            return false
        }
        return true
    }

    /// Makes a file, as often as it takes where the task is patient.
    private func make() {
        let naming: MediaFile.Naming = task.isPattern ? .pattern : .exact
        while true {
            do throws(Errno) {
                let file = try MediaFile.make(task.path, naming, at: time(nil), state)
                clear([.full, .quota, .ownResources])
                state.lacksSpace = false
                return opened(file)
            } catch {
                let kind = RecorderTrouble.Kind(making: error)
                // The cell stands around the folder that there was: another one takes another process.
                guard task.persists, kind.mayPass else { return stop(kind, error) }
                raise(kind, .retries, error)
                state.lacksSpace = kind != .ownResources
                guard rest() else { return stop(kind, error) }
            }
        }
    }

    private func opened(_ file: consuming MediaFile, container: MP4Container? = nil) {
        voice.send(
            RecorderReply.opened(
                segment: segment, file.part, isRegular: file.isRegular, goesOn: file.goesOn))
        let goesOn = file.goesOn && file.byteCount > 0
        // They may be there before anything of the media is on the disk.
        if file.isRegular { comments = CommentsFile(of: file.path, room: room, goesOn: file.goesOn, state, voice) }
        durableByteCount = file.byteCount
        fileConfiguration = nil
        switch task.format {
        case .flv: self.container = FLVContainer(origin: origin, goesOn: goesOn)
        case .mp4:
            self.container = container ?? MP4Container(task, segment: segment)
            // What a recorder has left that died with its first bytes says nothing of these.
            index = IndexFile(of: file.path, expected: file.goesOn ? [] : nil, state, voice)
        }
        self.file = consume file
    }

    /// Completes the file that is written.
    /// - Returns: false where that was not possible.
    private func complete() -> Bool {
        do {
            if let piece = try container?.flush() { keep(piece) }
        } catch {
            stop(.other, .invalidArgument)
            return false
        }
        guard write(), sync() else { return false }
        guard var file = self.file.take() else { return true }
        let (path, size) = (file.path, file.byteCount)
        if let comments = comments.take() { comments.close() }
        if size == 0 { file.remove() } else if let ending = container?.finish() { finish(&file, ending) }
        let byteCount = file.byteCount
        if let index = index.take() { index.close() }
        do throws(Errno) { try file.close() } catch {
            stop(.syncFailed, error)
            return false
        }
        if size > 0 { voice.send(RecorderReply.closed(segment: segment, path: path, byteCount: byteCount)) }
        return true
    }

    /// Makes a plain file of it, step by step. Where that fails it stays one in fragments, which plays as well.
    private func finish(_ file: inout MediaFile, _ ending: MediaEnding) {
        let end = file.byteCount
        do throws(Errno) {
            if let space = file.space(task.floor), space.floor > 0,
                space.spare < UInt64(ending.steps.first?.bytes.count ?? 0)
            {
                throw .noSpace
            }
            for (number, step) in ending.steps.enumerated() {
                if number == 0 { try file.write(step.bytes) } else { try file.overwrite(step.bytes, at: step.offset) }
                try file.sync()
            }
            index?.append(ending.index)
        } catch {
            try? file.cut(to: end)
            raise(RecorderTrouble.Kind(error), .none, error)
        }
    }

    // MARK: media

    /// Takes all that has come, in order.
    func take(_ requests: [RecorderRequest]) {
        for request in requests {
            guard !isStopped else { return }
            if let loss = state.takeNews() { lose(loss) }
            guard !isStopped else { return }
            switch request {
            case .configure(let configuration): self.configuration = configuration
            case .picture(let number, let picture, let packet):
                add(MediaItem(packet: packet, number: number, picture: picture))
            case .sound(let number, let packet): add(MediaItem(packet: packet, number: number, picture: nil))
            case .track(let number, let track, let packet):
                add(MediaItem(packet: packet, number: number, picture: nil, track: Int(track)))
            case .loss(let number, let picture, let count):
                container?.note(lossAt: picture, count: Int64(count), number: number)
            case .note(let number, let note): container?.note(note, number: number)
            case .comment(_, let comment): take(comment)
            case .room(let room):
                self.room = room
                comments?.take(room: room, origin: container?.origin ?? origin)
            case .finish:
                guard complete() else { return }
                voice.send(RecorderReply.finished)
            case .open, .device, .measure: break
            }
        }
        guard !isStopped, write() else { return }
        if file?.isRegular == false || MonotonicTime.now.since(lastSync) >= Self.syncInterval.nanoseconds {
            guard sync() else { return }
        }
        tell()
    }

    private func add(_ item: MediaItem) {
        guard let configuration else { return }
        if item.packet.isIDR {
            let isOther =
                container?.takesOneConfiguration == true
                && fileConfiguration.map { !$0.isDecoded(as: configuration) }
                    ?? false
            let hasOtherTracks = container?.tracks.map { $0 != configuration.tracks } ?? false
            if isOther || hasOtherTracks || isSegmentFull(item.packet.dts) {
                guard complete() else { return }
                segment = segment.addingReportingOverflow(1).partialValue
                begins = nil
                if task.isPattern { origin = item.packet.dts }
                make()
                guard !isStopped else { return }
            }
            fileConfiguration = configuration
        }
        if begins == nil { begins = item.packet.dts }
        if let picture = item.picture, let jump = state.takeClockJump() { container?.note(jump, at: picture) }
        do {
            for piece in try container?.take(item, configuration) ?? [] {
                keep(piece)
                if container?.syncsEachPiece == true {
                    guard write(), sync() else { return }
                    tell()
                }
            }
        } catch { return stop(.other, .invalidArgument) }
        if output.count > Self.outputByteCount { _ = write() }
    }

    private func keep(_ piece: MediaPiece) {
        if output.isEmpty { output = piece.bytes } else { output.append(contentsOf: piece.bytes) }
        indexOutput += piece.index
        outputNumber = piece.lastNumber
    }

    /// Its number counts as written with what follows: it is given again where a recorder has died, and known then.
    private func take(_ comment: RecorderComment) {
        earlyComments.append(comment)
        guard let origin = container?.origin else { return }
        for comment in earlyComments { comments?.take(comment, origin: origin) }
        earlyComments = []
    }

    private func isSegmentFull(_ time: MediaTime) -> Bool {
        guard let begins else { return false }
        let seconds = task.segmentSeconds
        if seconds > 0, time - begins >= MediaTime(milliseconds: Int64(seconds) * 1000) { return true }
        return task.segmentByteCount > 0 && (file?.byteCount ?? 0) >= task.segmentByteCount
    }

    // MARK: the disk

    /// Writes what is there.
    /// - Returns: false where nothing is written any more.
    private func write() -> Bool {
        guard !isStopped, file != nil else { return false }
        guard !output.isEmpty else {
            writtenNumber = max(writtenNumber, outputNumber)
            return true
        }
        if file?.isCut == true {
            lose(.truncated)
            guard !isStopped else { return false }
        }
        var start = MonotonicTime.now
        while true {
            do throws(Errno) {
                if hasSpace(for: output.count) {
                    start = .now
                    try file?.write(output)
                    break
                }
            } catch {
                let kind = RecorderTrouble.Kind(error)
                guard task.persists, kind.mayPass else {
                    stop(kind, error)
                    return false
                }
                raise(kind, .retries, error)
            }
            state.lacksSpace = raised.contains(.full) || raised.contains(.quota)
            guard rest() else { return false }
        }
        clear(isBelowFloor ? [.quota, .ownResources] : [.full, .quota, .ownResources])
        state.lacksSpace = isBelowFloor
        watchPace(since: start)
        output.removeAll(keepingCapacity: true)
        writtenNumber = outputNumber
        return true
    }

    /// Whether so many bytes may be written: below the floor nothing is, but into blocks that the file has already.
    private func hasSpace(for byteCount: Int) -> Bool {
        isBelowFloor = false
        guard task.persists, let space = file?.space(task.floor) else { return true }
        guard space.floor > 0, space.spare < UInt64(byteCount) else {
            if container?.syncsEachPiece == true { file?.allocate(byteCount, in: space) }
            return true
        }
        isBelowFloor = true
        raise(.full, .retries, space.free < UInt64(byteCount) ? .noSpace : nil)
        if file?.holds(byteCount) == true { return true }
        // What is taken ahead is less than this piece.
        file?.release()
        return false
    }

    /// Puts all that was written on the disk.
    /// - Returns: false where nothing is written any more.
    private func sync() -> Bool {
        guard !isStopped, let byteCount = file?.byteCount else { return false }
        lastSync = .now
        guard writtenNumber != durableNumber else { return true }
        do throws(Errno) { try file?.sync() } catch {
            // What was written since the last sync may be lost, and a second one would not tell.
            stop(.syncFailed, error)
            return false
        }
        watchPace(since: lastSync)
        durableNumber = writtenNumber
        durableByteCount = byteCount
        index?.append(indexOutput)
        indexOutput = []
        return true
    }

    private func tell() {
        comments?.flush()
        voice.send(
            RecorderReply.saved(
                RecorderProgress(
                    segment: segment, writtenNumber: writtenNumber, durableNumber: durableNumber,
                    durableByteCount: durableByteCount,
                    origin: (container?.origin ?? origin).nanoseconds)))
    }

    private func watchPace(since start: MonotonicTime) {
        guard file?.isRegular == true, let isSlow = pace.note(MonotonicTime.now.since(start)) else { return }
        if isSlow { raise(.slow, .none, nil) } else { clear([.slow]) }
    }

    // MARK: trouble

    /// Waits a second.
    /// - Returns: false when the master wants the end.
    private func rest() -> Bool {
        for _ in 0..<20 where !state.isOver { usleep(Self.retryMilliseconds * 1000 / 20) }
        return !state.isOver
    }

    private func raise(_ kind: RecorderTrouble.Kind, _ action: RecorderTrouble.Action, _ error: Errno?) {
        guard raised.insert(kind).inserted || action == .stops else { return }
        voice.send(
            RecorderReply.trouble(
                RecorderTrouble(
                    kind, action, errno: error?.rawValue ?? 0, path: file?.path ?? task.path)))
    }

    private func clear(_ kinds: [RecorderTrouble.Kind]) {
        for kind in kinds where raised.remove(kind) != nil { voice.send(RecorderReply.cleared(kind, .media)) }
    }

    /// Nothing is written any more: the master goes on with another file, and gives again what is not on the disk.
    private func stop(_ kind: RecorderTrouble.Kind, _ error: Errno?) {
        isStopped = true
        let trouble = RecorderTrouble(kind, .stops, errno: error?.rawValue ?? 0, path: file?.path ?? task.path)
        letGo()
        voice.send(RecorderReply.trouble(trouble))
    }

    /// Another program has taken the file, or a part of it.
    private func lose(_ kind: RecorderTrouble.Kind) {
        // Of what another program has done the system says nothing.
        let error = kind == .removed ? Errno.noSuchFileOrDirectory : nil
        guard task.persists else { return raise(kind, .none, error) }
        stop(kind, error)
    }

    private func letGo() {
        guard var file = self.file.take() else { return }
        file.cutTornPiece()
        if durableByteCount == 0, file.byteCount == 0 || isStopped {
            file.remove()
            comments?.remove()
        }
        if let index = index.take() { index.close() }
        if let comments = comments.take() { comments.close() }
        try? file.close()
    }

    /// The master has hung up: a file that nothing was written to is not left behind.
    func abandon() {
        isStopped = true
        guard let file = self.file.take() else { return }
        if file.byteCount == 0 { file.remove() }
        if let index = index.take() { index.close() }
        if let comments = comments.take() { comments.close() }
        try? file.close()
    }
}

extension StreamConfiguration {
    /// Players need nothing else for it than for `other`.
    fileprivate func isDecoded(as other: StreamConfiguration) -> Bool {
        avcConfiguration == other.avcConfiguration && audioSpecificConfig == other.audioSpecificConfig
            && canvas == other.canvas
    }
}
