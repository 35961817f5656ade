/// What is wrong with a file that is being recorded.
package struct RecorderTrouble: Hashable, Sendable {
    /// What has failed.
    package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        /// None of the others: the errno says more.
        case other = 0
        /// The file can't be made.
        case notCreated = 1
        case full = 2
        case quota = 3
        /// A file may not be larger.
        case tooLarge = 4
        /// The device or the file system on it is broken.
        case broken = 5
        case readOnly = 6
        /// A file system of the network, or of a program, has gone.
        case gone = 7
        /// The file or its folder has been removed or renamed.
        case removed = 8
        /// Something else has its name.
        case replaced = 9
        /// What was written may be lost although the disk took it.
        case syncFailed = 10
        case slow = 11
        /// The process lacks descriptors or memory.
        case ownResources = 12
        /// The clock on the wall has been set.
        case clockJump = 13
        /// Another program has cut the file.
        case truncated = 14
        /// An old segment can't be removed.
        case notRemoved = 15
    }

    /// Which file it is about.
    package enum Subject: UInt8, Hashable, Sendable, CaseIterable {
        case media = 0
        case index = 1
        case comments = 2
    }

    /// What the recorder does about it.
    package enum Action: UInt8, Hashable, Sendable, CaseIterable {
        /// It tries again each second, and goes on where it stopped.
        case retries = 0
        /// It writes nothing more: the master is to go on with the next file.
        case stops = 1
        /// It goes on.
        case none = 2
    }

    package var kind: Kind
    package var subject: Subject
    package var action: Action
    /// The system's error; 0 where there is none.
    package var errno: Int32
    package var path: String

    package init(_ kind: Kind, of subject: Subject = .media, _ action: Action, errno: Int32, path: String) {
        self.kind = kind
        self.subject = subject
        self.action = action
        self.errno = errno
        self.path = path
    }
}

/// Why an old segment was removed.
package enum RecorderRemoval: UInt8, Hashable, Sendable, CaseIterable {
    case age = 0
    case size = 1
}

/// How far a recorder has come.
package struct RecorderProgress: Hashable, Sendable {
    /// Of the file that it writes.
    package var segment: UInt32
    /// All up to this number has been taken by the system; -1 before the first.
    package var writtenNumber: Int64
    /// All up to this number is on the disk; -1 before the first.
    package var durableNumber: Int64
    /// Bytes of the file that are on the disk, in whole pieces.
    package var durableByteCount: UInt64
    /// The time on the timeline that is 0 in the file, in nanoseconds.
    package var origin: Int64

    package init(
        segment: UInt32, writtenNumber: Int64, durableNumber: Int64, durableByteCount: UInt64, origin: Int64
    ) {
        self.origin = origin
        self.segment = segment
        self.writtenNumber = writtenNumber
        self.durableNumber = durableNumber
        self.durableByteCount = durableByteCount
    }
}

/// What a recorder answers to a question that it can answer whatever the disk does.
package struct RecorderMeasure: Hashable, Sendable {
    /// That of the question.
    package var token: UInt32
    /// Of all files of this process together.
    package var writtenByteCount: UInt64
    /// The same, as far as it is on the disk.
    package var durableByteCount: UInt64
    /// What the file system has for this user; nil where it has not said so lately.
    package var freeByteCount: UInt64?
    /// What of that is left free, whatever is to be written.
    package var floorByteCount: UInt64
    /// How long the system has been about the same call, in milliseconds; 0 where it is about none.
    package var busyMilliseconds: UInt32

    package init(
        token: UInt32, writtenByteCount: UInt64, durableByteCount: UInt64, freeByteCount: UInt64?,
        floorByteCount: UInt64 = 0, busyMilliseconds: UInt32
    ) {
        self.token = token
        self.writtenByteCount = writtenByteCount
        self.durableByteCount = durableByteCount
        self.freeByteCount = freeByteCount
        self.floorByteCount = floorByteCount
        self.busyMilliseconds = busyMilliseconds
    }
}

/// What a recorder says.
package enum RecorderReply: WireMessage, Hashable {
    /// It is in its cell, and about to open the file.
    case ready
    /// It writes this file from now on; `goesOn` where it is the part that it was given.
    case opened(segment: UInt32, RecordedPart, isRegular: Bool, goesOn: Bool)
    case saved(RecorderProgress)
    case measured(RecorderMeasure)
    case trouble(RecorderTrouble)
    case cleared(RecorderTrouble.Kind, RecorderTrouble.Subject)
    /// The file is complete.
    case closed(segment: UInt32, path: String, byteCount: UInt64)
    /// An old segment and its index are gone, as the task's ``RecorderTask/Keep`` asks for.
    case removed(path: String, byteCount: UInt64, RecorderRemoval)
    case finished

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .ready: WireFrame(.recorderReady) { _ in }
        case .opened(let segment, let part, let isRegular, let goesOn):
            WireFrame(.recorderOpened) {
                $0.write(segment)
                part.write(to: &$0)
                $0.write(isRegular)
                $0.write(goesOn)
            }
        case .saved(let progress):
            WireFrame(.recorderSaved) {
                $0.write(progress.segment)
                $0.write(progress.writtenNumber)
                $0.write(progress.durableNumber)
                $0.write(progress.durableByteCount)
                $0.write(progress.origin)
            }
        case .measured(let measure):
            WireFrame(.recorderMeasured) {
                $0.write(measure.token)
                $0.write(measure.writtenByteCount)
                $0.write(measure.durableByteCount)
                $0.write(measure.freeByteCount != nil)
                $0.write(measure.freeByteCount ?? 0)
                $0.write(measure.floorByteCount)
                $0.write(measure.busyMilliseconds)
            }
        case .trouble(let trouble):
            WireFrame(.recorderTrouble) {
                $0.write(trouble.kind.rawValue)
                $0.write(trouble.subject.rawValue)
                $0.write(trouble.action.rawValue)
                $0.write(trouble.errno)
                $0.write(trouble.path, atMost: 4096)
            }
        case .cleared(let kind, let subject):
            WireFrame(.recorderCleared) {
                $0.write(kind.rawValue)
                $0.write(subject.rawValue)
            }
        case .closed(let segment, let path, let byteCount):
            WireFrame(.recorderClosed) {
                $0.write(segment)
                $0.write(path, atMost: 4096)
                $0.write(byteCount)
            }
        case .removed(let path, let byteCount, let reason):
            WireFrame(.recorderRemoved) {
                $0.write(path, atMost: 4096)
                $0.write(byteCount)
                $0.write(reason.rawValue)
            }
        case .finished: WireFrame(.recorderFinished) { _ in }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .recorderReady?: self = .ready
        case .recorderOpened?:
            let segment = try reader.read(UInt32.self)
            let part = try RecordedPart(&reader)
            let isRegular = try reader.readBool("file flag")
            self = .opened(segment: segment, part, isRegular: isRegular, goesOn: try reader.readBool("part flag"))
        case .recorderSaved?:
            self = .saved(
                RecorderProgress(
                    segment: try reader.read(), writtenNumber: try reader.read(), durableNumber: try reader.read(),
                    durableByteCount: try reader.read(), origin: try reader.read()))
        case .recorderMeasured?: self = .measured(try RecorderMeasure(&reader))
        case .recorderTrouble?:
            let (kind, subject) = try Self.matter(&reader)
            guard let action = RecorderTrouble.Action(rawValue: try reader.read()) else {
                throw reader.outsideRange("action")
            }
            let errno = try reader.read(Int32.self)
            self = .trouble(
                RecorderTrouble(
                    kind, of: subject, action, errno: errno, path: try reader.readString(atMost: 4096, "path")))
        case .recorderCleared?:
            let (kind, subject) = try Self.matter(&reader)
            self = .cleared(kind, subject)
        case .recorderClosed?:
            let segment = try reader.read(UInt32.self)
            let path = try reader.readString(atMost: 4096, "path")
            self = .closed(segment: segment, path: path, byteCount: try reader.read())
        case .recorderRemoved?:
            let path = try reader.readString(atMost: 4096, "path")
            let byteCount = try reader.read(UInt64.self)
            guard let reason = RecorderRemoval(rawValue: try reader.read()) else {
                throw reader.outsideRange("removal")
            }
            self = .removed(path: path, byteCount: byteCount, reason)
        case .recorderFinished?: self = .finished
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }

    private static func matter(
        _ reader: inout WireReader
    ) throws(WireError) -> (RecorderTrouble.Kind, RecorderTrouble.Subject) {
        guard let kind = RecorderTrouble.Kind(rawValue: try reader.read()) else { throw reader.outsideRange("kind") }
        guard let subject = RecorderTrouble.Subject(rawValue: try reader.read()) else {
            throw reader.outsideRange("subject")
        }
        return (kind, subject)
    }
}

extension RecorderMeasure {
    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        let token = try reader.read(UInt32.self)
        let written = try reader.read(UInt64.self)
        let durable = try reader.read(UInt64.self)
        let knowsFree = try reader.readBool("free flag")
        let free = try reader.read(UInt64.self)
        let floor = try reader.read(UInt64.self)
        self.init(
            token: token, writtenByteCount: written, durableByteCount: durable, freeByteCount: knowsFree ? free : nil,
            floorByteCount: floor, busyMilliseconds: try reader.read())
    }
}
