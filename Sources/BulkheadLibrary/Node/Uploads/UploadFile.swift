import BulkheadModel
import BulkheadSystem
import Glibc
import Synchronization
import SystemPackage

/// What is known of an upload from its beginning, as it lies beside its bytes.
struct UploadFacts: Codable, Hashable, Sendable {
    /// 32 hexadecimal digits, made up.
    let id: String
    /// As its sender calls it.
    let name: String
    let byteCount: Int64
    /// The ``CRC32`` of all of it in hexadecimal, where its sender has told it.
    let checksum: String?
    /// Set when it has become a video of the library.
    var video: String?
    /// The name that it has in the folder.
    var path: String?
}

/// The bytes of one upload, as far as they have come. Whoever writes last, counts: a sender that comes again does not wait for
/// its old connection to be given up.
final class UploadFile: Sendable {
    let partPath: String
    let factsPath: String
    private let state: Mutex<State>

    private struct State {
        var facts: UploadFacts
        var descriptor: CInt = -1
        var turn = 0
        var offset: Int64
    }

    /// - Parameter offset: how much of it is there.
    init(_ facts: UploadFacts, in folder: String, offset: Int64) {
        partPath = "\(folder)/\(facts.id).part"
        factsPath = "\(folder)/\(facts.id).json"
        state = Mutex(State(facts: facts, offset: offset))
    }

    deinit { state.withLock { if $0.descriptor >= 0 { _ = close($0.descriptor) } } }

    var facts: UploadFacts { state.withLock { $0.facts } }
    var offset: Int64 { state.withLock { $0.facts.video == nil ? $0.offset : $0.facts.byteCount } }
    var isComplete: Bool { offset == facts.byteCount }

    /// Begins to write at `offset`.
    /// - Returns: a number for ``write(_:turn:)``; nil where the file ends elsewhere.
    func begin(at offset: Int64) throws(Errno) -> Int? {
        let turn: Result<Int?, Errno> = state.withLock { state in
            guard offset == state.offset, state.facts.video == nil else { return .success(nil) }
            if state.descriptor >= 0 { _ = close(state.descriptor) }
            state.descriptor = open(partPath, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
            guard state.descriptor >= 0 else { return .failure(Errno(rawValue: errno)) }
            state.turn += 1
            return .success(state.turn)
        }
        return try turn.get()
    }

    /// Appends `bytes`. Blocks.
    /// - Returns: false where another one writes, or where it would be longer than was said.
    func write(_ bytes: [UInt8], turn: Int) throws(Errno) -> Bool {
        let result: Result<Bool, Errno> = state.withLock { state in
            guard state.turn == turn, state.descriptor >= 0,
                Int64(bytes.count) <= state.facts.byteCount - state.offset
            else { return .success(false) }
            var done = 0
            while done < bytes.count {
                let count = bytes.withUnsafeBytes { bytes in
                    Glibc.write(state.descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return .failure(Errno(rawValue: count < 0 ? errno : ENOSPC)) }
                done += count
                state.offset += Int64(count)
            }
            return .success(true)
        }
        return try result.get()
    }

    /// Ends writing; what has come is on the disk then. Blocks.
    func end(turn: Int) throws(Errno) {
        let result: Result<Void, Errno> = state.withLock { state in
            guard state.turn == turn, state.descriptor >= 0 else { return .success(()) }
            let isSynced = fdatasync(state.descriptor) == 0
            let number = errno
            _ = close(state.descriptor)
            state.descriptor = -1
            return isSynced ? .success(()) : .failure(Errno(rawValue: number))
        }
        try result.get()
    }

    /// It is a video of the library now.
    func noteTaken(_ video: String, _ path: String) throws(WholeFile.Failure) {
        let facts = state.withLock { state in
            state.facts.video = video
            state.facts.path = path
            return state.facts
        }
        try WholeFile.write(JSONLine.encode(facts), to: factsPath)
    }
}
