import BulkheadFLV
package import BulkheadMedia
import NIOCore

/// The program for those who look at it through the control socket, as an FLV file in pieces: decides who is given what. A value.
///
/// The newest GOP is kept, so that a picture is there at once; its bytes are those that links keep. Nothing is made of it while
/// nobody looks.
package struct ProgramFeed: Sendable {
    /// Bytes for one who looks.
    package struct Piece: Hashable, Sendable {
        package let viewer: Int
        package let bytes: [UInt8]
    }

    /// In bytes; a longer GOP is not kept, and who comes within it waits for the next. A client's outbox must take it in Base64.
    package static let longestGOP = 2 << 20

    /// So much is given together: each piece wakes two processes, and is a line of JSON.
    package static let span = MediaTime(milliseconds: 100)
    /// In bytes; more does not wait.
    private static let mostWaiting = 256 << 10

    /// Somebody who looks.
    private struct Viewer {
        /// The configuration that was given last; nil for those who wait for an IDR.
        var given: Int?
        var waiting: [UInt8] = []
        /// The time of the first packet that waits.
        var since = MediaTime.zero
    }

    private let writer = FLVWriter()
    private var configurations: [Int: StreamConfiguration] = [:]
    private var gop: [Packet] = []
    private var byteCount = 0
    private var viewers: [Int: Viewer] = [:]

    package init() {}

    package mutating func configure(_ configuration: StreamConfiguration, number: Int) {
        configurations[number] = configuration
    }

    /// From now on `viewer` is given the program.
    /// - Returns: what it begins with.
    package mutating func add(_ viewer: Int) -> Piece {
        var bytes = Array(writer.fileHeader.readableBytesView)
        viewers[viewer] = Viewer()
        for packet in gop { bytes += piece(of: packet, for: viewer) }
        return Piece(viewer: viewer, bytes: bytes)
    }

    package mutating func remove(_ viewer: Int) { viewers[viewer] = nil }

    /// All who look.
    package var all: [Int] { viewers.keys.sorted() }

    /// - Returns: what those who look are given now.
    package mutating func take(_ packet: Packet) -> [Piece] {
        keep(packet)
        return viewers.keys.compactMap { viewer in
            let bytes = piece(of: packet, for: viewer)
            guard !bytes.isEmpty, var known = viewers[viewer] else { return nil }
            if known.waiting.isEmpty { known.since = packet.dts }
            known.waiting += bytes
            viewers[viewer] = known
            let isDue = packet.dts >= known.since + Self.span || known.waiting.count >= Self.mostWaiting
            return isDue ? rest(of: viewer) : nil
        }
    }

    /// What waits to be given to `viewer`, who is given it now; nil for nothing.
    package mutating func rest(of viewer: Int) -> Piece? {
        guard let bytes = viewers[viewer]?.waiting, !bytes.isEmpty else { return nil }
        viewers[viewer]?.waiting = []
        return Piece(viewer: viewer, bytes: bytes)
    }

    private mutating func keep(_ packet: Packet) {
        if packet.isIDR {
            (gop, byteCount) = ([], 0)
            configurations = configurations.filter { $0.key >= packet.configuration }
        } else if gop.isEmpty {
            return
        }
        gop.append(packet)
        byteCount += packet.bytes.count
        if byteCount > Self.longestGOP { (gop, byteCount) = ([], 0) }
    }

    private mutating func piece(of packet: Packet, for viewer: Int) -> [UInt8] {
        guard let known = viewers[viewer], known.given != nil || packet.isIDR else { return [] }
        do throws(FLVError) {
            var bytes: [UInt8] = []
            if packet.isVideo, known.given != packet.configuration {
                guard let configuration = configurations[packet.configuration] else { return [] }
                bytes += try writer.bytes(of: configuration, at: packet.dts).readableBytesView
                viewers[viewer]?.given = packet.configuration
            }
            return bytes + (try writer.bytes(of: packet)).readableBytesView
        } catch {
            // No encoder of ours gives an access unit that is longer than a tag may be.
            return []
        }
    }
}
