import BulkheadInputs
import BulkheadLinks
import BulkheadMedia
package import BulkheadModel
import BulkheadOutputs

/// What is kept of a broadcast that has a name, for people: without keys.
package struct KeptBroadcast: Codable, Hashable, Sendable {
    package enum State: String, Codable, Hashable, Sendable {
        case onAir = "on-air"
        /// Something has killed it.
        case interrupted
        case terminated, failed, stopped, ended
    }

    package let name: String
    /// Its file.
    package let path: String
    package let state: State
    /// It can be resumed.
    package let isResumable: Bool
    /// When it was last heard of, in seconds since 1970.
    package let time: Double
    /// How far it has come on its timeline.
    package let seconds: Double
    /// The frame that it would go on with.
    package let frame: Int64
    /// Names, or addresses without keys.
    package let inputs: [String]
    package let links: [String]
    package let scene: String?
    package let plugins: [String]
    package let room: String?
    /// Paths of the files that were written last.
    package let recordings: [String]
    /// Why it failed.
    package let failure: String?
    /// Why its file can't be used.
    package let damage: String?

    /// All of this user, by their names.
    package static func all() -> [KeptBroadcast] {
        ResumeFiles.names().map { KeptBroadcast(ResumeFiles(name: $0), $0) }
    }

    /// Whether a broadcast of this user that can be resumed has the name `name`.
    package static func isResumable(_ name: String) -> Bool {
        RoomSettings.isName(name) && KeptBroadcast(ResumeFiles(name: name), name).isResumable
    }

    /// Removes what is kept.
    /// - Throws: kind `control` where the broadcast is on air, or nothing is kept of one.
    package static func forget(_ name: String) throws(BroadcastError) {
        let files = ResumeFiles(name: name)
        guard RoomSettings.isName(name), files.isThere else {
            throw BroadcastError(
                code: .nothingToResume, ["name": name], "nothing is kept of a broadcast \(name)",
                advice: "`bulkhead resume list` lists them")
        }
        do throws(ResumeFiles.Problem) {
            _ = try files.open()
            files.forget()
        } catch {
            guard error == .inUse else {
                throw BroadcastError(code: .notWritable, ["path": files.recordPath], error.text)
            }
            throw BroadcastError(
                code: .nameInUse, ["name": name], "the broadcast \(name) is on air", advice: "end it first")
        }
    }

    private init(_ files: ResumeFiles, _ name: String) {
        let found = files.read()
        let record = found.record
        self.name = name
        path = files.recordPath
        let ended: State =
            switch record?.end {
            case nil: .interrupted
            case .ended: .ended
            case .stopped: .stopped
            case .terminated: .terminated
            case .failed: .failed
            }
        state = files.isInUse ? .onAir : ended
        isResumable = state != .onAir && record?.isResumable == true
        time = record?.place.time ?? 0
        frame = record?.place.frame ?? 0
        seconds = record.map { $0.settings.frameRate.time(of: $0.place.frame).seconds } ?? 0
        inputs = zip(record?.inputs ?? [], record?.settings.inputs ?? []).map { place, settings in
            // An address may hold a password.
            settings.url.contains("://") ? place.name : "\(place.name) (\(settings.url))"
        }
        links = (record?.settings.destinations ?? []).enumerated().map { index, destination in
            let name = destination.name.isEmpty ? "link \(index + 1)" : destination.name
            if destination.isFile { return "\(name) (\(destination.url.dropFirst("file:".count)))" }
            // Addresses may hold keys: a target tells neither those nor passwords.
            let targets = destination.servers.compactMap { try? LinkTarget($0) }
            return targets.isEmpty ? name : "\(name) (\(targets.map { "\($0)" }.joined(separator: " or ")))"
        }
        scene = record?.shown
        plugins = (record?.settings.plugins ?? []).map { $0.isEnabled ? $0.name : "\($0.name) (disabled)" }
        room = record?.settings.room?.name
        recordings = (record?.recordings ?? []).map(\.path)
        failure = record?.failure
        damage = record == nil ? found.damage ?? "there is nothing in it" : nil
    }
}
