import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Glibc
import SystemPackage

/// What a recorder says, in the words of the rest of the master.
enum RecordingWords {
    /// The system's words for an error.
    static func error(_ number: Int32) -> String { "\(Errno(rawValue: number))" }

    /// What a file fails with that is written for a link.
    static func failure(_ number: Int32, _ path: String) -> BroadcastError {
        switch number {
        case EEXIST:
            BroadcastError(
                code: .fileExists, ["path": path], "\(path) exists already",
                advice: "name another file, or move this one away: it is not overwritten")
        case ENOSPC:
            BroadcastError(
                code: .diskFull, ["path": path], "no space is left for \(path)",
                advice: "free some, or write to another disk")
        case EFBIG:
            BroadcastError(
                .file, "\(path) has reached the largest size of a file of this process or disk",
                advice: "raise the limit (ulimit -f, LimitFSIZE), or write to another disk")
        case ECANCELED, ETIMEDOUT:
            BroadcastError(
                .file, "\(path) took nothing any more: its end is missing",
                advice: "look at its disk, or at what reads the pipe")
        case ENOENT where hasFolder(path):
            BroadcastError(
                code: .notWritable, ["path": path], "\(path) can't be made where it is to lie",
                advice: "choose another folder")
        case ENOENT:
            BroadcastError(
                code: .noFolder, ["path": path], "the folder of \(path) does not exist", advice: "make it first")
        case EACCES, EPERM, EROFS:
            BroadcastError(
                code: .notWritable, ["path": path], "\(path) may not be written by this user",
                advice: "choose another folder")
        case EISDIR:
            BroadcastError(.file, "\(path) is a folder", advice: "name a file in it")
        case ENOTDIR:
            BroadcastError(
                code: .noFolder, ["path": path], "what \(path) lies in is no folder", advice: "choose another folder")
        default:
            BroadcastError(.file, "\(path) can't be written: \(Errno(rawValue: number))")
        }
    }

    private static func hasFolder(_ path: String) -> Bool {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        return access(FileName.bytes(folder), F_OK) == 0
    }
}

extension RecordingTrouble {
    init(_ kind: RecorderTrouble.Kind) {
        self =
            switch kind {
            case .other: .other
            case .notCreated: .notCreated
            case .full: .full
            case .quota: .quota
            case .tooLarge: .tooLarge
            case .broken: .broken
            case .readOnly: .readOnly
            case .gone: .gone
            case .removed: .removed
            case .replaced: .replaced
            case .syncFailed: .syncFailed
            case .slow: .slow
            case .ownResources: .ownResources
            case .clockJump: .clockJump
            case .truncated: .truncated
            case .notRemoved: .notRemoved
            }
    }

    /// It is seen by the master, whatever recorders say.
    var isMasters: Bool { self == .memoryFull || self == .notGrowing || self == .notAnswering }

    /// Another disk would help.
    var isOfDisk: Bool {
        switch self {
        case .notCreated, .full, .quota, .broken, .readOnly, .gone, .notAnswering: true
        case .tooLarge, .removed, .replaced, .truncated, .syncFailed, .slow, .notGrowing, .memoryFull, .ownResources,
            .clockJump, .notRemoved, .other:
            false
        }
    }
}

extension RecordingSubject {
    init(_ subject: RecorderTrouble.Subject) {
        self =
            switch subject {
            case .media: .media
            case .index: .index
            case .comments: .comments
            }
    }
}
