/// What can be wrong with a file that is recorded.
package enum RecordingTrouble: String, Codable, Hashable, Sendable, CaseIterable {
    /// The file can't be made.
    case notCreated = "not-created"
    case full
    case quota
    /// A file may not be larger.
    case tooLarge = "too-large"
    /// The device or the file system on it is broken.
    case broken
    case readOnly = "read-only"
    /// A file system of the network, or of a program, has gone.
    case gone
    /// The file or its folder has been removed or renamed.
    case removed
    /// Something else has its name.
    case replaced
    /// Another program has cut it.
    case truncated
    /// What was written may be lost although the disk took it.
    case syncFailed = "sync-failed"
    case slow
    /// The disk takes no call back for too long.
    case notAnswering = "not-answering"
    /// The time goes on and the size does not.
    case notGrowing = "not-growing"
    /// More waits than is kept: whole GOPs are left out.
    case memoryFull = "memory-full"
    /// The process lacks descriptors or memory.
    case ownResources = "own-resources"
    /// The clock on the wall has been set.
    case clockJump = "clock-jump"
    /// An old segment can't be removed.
    case notRemoved = "not-removed"
    case other
}

/// Which of a recording's files something is about.
package enum RecordingSubject: String, Codable, Hashable, Sendable, CaseIterable {
    case media, index, comments
}

/// What is done about a recording's trouble.
package enum RecordingAction: String, Codable, Hashable, Sendable, CaseIterable {
    /// It is tried again each second; what comes meanwhile is kept.
    case retries
    /// Another recorder goes on, in the same file where it can.
    case nextRecorder = "next-recorder"
    /// The next file goes on.
    case nextFile = "next-file"
    /// The fallback goes on.
    case fallback
    case none
}

/// Why frames are in no file.
package enum RecordingLossCause: String, Codable, Hashable, Sendable, CaseIterable {
    /// More waited than is kept.
    case memoryFull = "memory-full"
    /// The recording was ended before the disk had taken them.
    case ended
}

/// Why an old segment was removed.
package enum RecordingRemoval: String, Codable, Hashable, Sendable, CaseIterable {
    case age, size
}

/// A trouble that is not over.
package struct RecordingTroubleStatus: Codable, Hashable, Sendable {
    package var trouble: RecordingTrouble
    package var subject: RecordingSubject
    /// The file.
    package var path: String
    /// The system's words; empty where it has said nothing.
    package var text: String
    /// How long it has lasted.
    package var seconds: Double

    package init(
        trouble: RecordingTrouble, subject: RecordingSubject, path: String, text: String, seconds: Double
    ) {
        self.trouble = trouble
        self.subject = subject
        self.path = path
        self.text = text
        self.seconds = seconds
    }
}

/// A recording at one moment. Sizes come from its recorder, durations from the master's own clock.
package struct RecordingStatus: Codable, Hashable, Sendable {
    package var name: String
    /// The file that is written; the pattern before there is one.
    package var path: String
    /// How many files there have been.
    package var segments: Int
    /// Since the first picture was given.
    package var seconds: Double
    /// Of all files together.
    package var writtenBytes: UInt64
    /// The same, as far as it is on the disk.
    package var durableBytes: UInt64
    /// What the file system has; nil where it has not said so.
    package var freeBytes: UInt64?
    package var bytesPerSecond: Double
    /// How long the free space lasts at this rate; nil where that is not known.
    package var fullInSeconds: Double?
    /// Pictures that are on the disk.
    package var framesDurable: Int
    /// Pictures that were left out because more waited than is kept.
    package var framesLeftOut: Int
    /// What waits to be on the disk, in seconds.
    package var waitingSeconds: Double
    /// The fallback is written to.
    package var isFallback: Bool
    package var troubles: [RecordingTroubleStatus]

    package init(
        name: String, path: String, segments: Int, seconds: Double, writtenBytes: UInt64, durableBytes: UInt64,
        freeBytes: UInt64?, bytesPerSecond: Double, fullInSeconds: Double?, framesDurable: Int, framesLeftOut: Int,
        waitingSeconds: Double, isFallback: Bool, troubles: [RecordingTroubleStatus]
    ) {
        self.name = name
        self.path = path
        self.segments = segments
        self.seconds = seconds
        self.writtenBytes = writtenBytes
        self.durableBytes = durableBytes
        self.freeBytes = freeBytes
        self.bytesPerSecond = bytesPerSecond
        self.fullInSeconds = fullInSeconds
        self.framesDurable = framesDurable
        self.framesLeftOut = framesLeftOut
        self.waitingSeconds = waitingSeconds
        self.isFallback = isFallback
        self.troubles = troubles
    }
}
