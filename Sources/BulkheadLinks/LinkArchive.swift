import BulkheadEvents
import BulkheadMedia
package import BulkheadModel
import BulkheadSystem
import FoundationEssentials
import Glibc

/// What is kept of a link when its connection breaks: what a post-mortem needs to see how far the stream came, and what a
/// program that takes the stream up needs to go on with it. Without stream keys.
package struct LinkSnapshot: Codable, Hashable, Sendable {
    /// What players must know.
    package struct Configuration: Codable, Hashable, Sendable {
        package var canvas: String
        package var frameRate: String
        package var videoBitsPerSecond: Int
        package var audioBitsPerSecond: Int
        /// An AVCDecoderConfigurationRecord.
        package var avcConfiguration: [UInt8]
        package var audioSpecificConfig: [UInt8]
    }

    package var link: String
    /// Seconds since 1970.
    package var time: Double
    /// The server that was lost, by its name.
    package var server: String
    package var lastError: String
    /// On the broadcast's timeline: the last picture that was sent, and the last that a server said to have.
    package var sentSeconds: Double?
    package var acknowledgedSeconds: Double?
    /// What is timestamp 0 on the wire.
    package var originSeconds: Double
    package var reconnects: Int
    package var configuration: Configuration?
    package var servers: [LinkServerStatus]
}

/// The folder of link snapshots: one small file for each link that is not on air, written as a whole or not at all.
package struct LinkArchive: Sendable {
    package let folder: String
    private let owner: Int32

    /// A slow disk must not hold up the way back to the air.
    private static let patience = Duration.milliseconds(200)

    package init(folder: String, owner: Int32) {
        self.folder = folder
        self.owner = owner
    }

    /// `$XDG_STATE_HOME/bulkhead/links`, or below `~/.local/state`.
    package static var standard: LinkArchive {
        let deaths = DeathArchive.standard.path
        let folder = deaths.lastIndex(of: "/").map { deaths[..<$0] + "/links" } ?? ""
        return LinkArchive(folder: String(folder), owner: getpid())
    }

    /// Where the snapshot of a link lies.
    package func path(number: Int, lane: Int) -> String {
        "\(folder)/\(owner)-link-\(number)\(lane == 0 ? "" : "-\(lane + 1)").json"
    }

    /// Writes `snapshot`, away from the caller's thread.
    /// - Returns: the file's path; nil when it could not be written, or not in time.
    func save(_ snapshot: LinkSnapshot, number: Int, lane: Int) async -> String? {
        let path = path(number: number, lane: lane)
        return await inTime { write(snapshot, to: path) } ? path : nil
    }

    /// Runs `body` where it may block. False also where that takes too long; it goes on by itself then.
    private func inTime(_ body: @escaping @Sendable () -> Bool) async -> Bool {
        let outcome = AsyncStream<Bool>.makeStream()
        let isTaken = SerialThread.state.run {
            outcome.continuation.yield(body())
            outcome.continuation.finish()
        }
        guard isTaken else { return false }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await isDone in outcome.stream { return isDone }
                return false
            }
            group.addTask {
                try? await Task.sleep(for: Self.patience)
                return false
            }
            let isDone = await group.next() ?? false
            group.cancelAll()
            return isDone
        }
    }

    /// What a snapshot's file holds; nil where there is none that can be read.
    package static func read(_ path: String) -> LinkSnapshot? {
        guard let data = try? Data(contentsOf: URL(filePath: path)), data.count <= 1 << 20 else { return nil }
        return try? JSONLine.decode(LinkSnapshot.self, from: data)
    }

    /// The link has ended well: nobody needs its snapshot.
    func remove(number: Int, lane: Int) async {
        let path = path(number: number, lane: lane)
        _ = await inTime { unlink(path) == 0 }
    }

    /// Writes beside the file and puts it in its place. What older masters left is removed after a week.
    package func write(_ snapshot: LinkSnapshot, to path: String) -> Bool {
        WholeFile.makeFolder(folder)
        removeOld()
        return (try? WholeFile.write(JSONLine.encode(snapshot), to: path)) != nil
    }

    private func removeOld() {
        guard let directory = opendir(folder) else { return }
        defer { closedir(directory) }
        let limit = time(nil) - 7 * 86_400
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            var information = stat()
            guard name.hasSuffix(".json") || name.hasSuffix(".new"), stat("\(folder)/\(name)", &information) == 0,
                information.st_mtim.tv_sec < limit
            else { continue }
            unlink("\(folder)/\(name)")
        }
    }
}

extension LinkSnapshot.Configuration {
    init(_ configuration: StreamConfiguration) {
        self.init(
            canvas: configuration.canvas.description, frameRate: configuration.frameRate.description,
            videoBitsPerSecond: configuration.videoBitsPerSecond,
            audioBitsPerSecond: configuration.audioBitsPerSecond, avcConfiguration: configuration.avcConfiguration,
            audioSpecificConfig: configuration.audioSpecificConfig)
    }
}
