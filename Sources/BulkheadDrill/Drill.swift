package import BulkheadChildren
package import BulkheadEvents
package import BulkheadModel
package import BulkheadProbe
import BulkheadSystem
import BulkheadWire
import Foundation
import Glibc

/// One drill: servers, a broadcast and viewers, faults by a plan, and a judgement.
package struct Drill: Sendable {
    private let folder: DrillFolder
    private let stage: DrillStage
    private let course: DrillCourse

    /// Makes what a drill needs: a folder, a thread, and a viewer for each link. ``close()`` ends them.
    ///
    /// - Parameter onEvent: called on threads of the drill's own with each event of the broadcast and its viewers.
    /// - Throws: what keeps a drill from being held at all.
    package static func prepare(
        _ settings: DrillSettings, _ programs: Programs, onEvent: @escaping @Sendable (Event) -> Void
    ) async throws(BroadcastError) -> Drill {
        let folder = try DrillFolder()
        var probes: [Probe] = []
        do throws(BroadcastError) {
            let stage = try DrillStage()
            for number in 1...settings.linkCount {
                do throws(ProbeError) {
                    let probe = try Probe(decoder: programs.launch(.decoder)) { observation in
                        var event = Event(observation, time: Date().timeIntervalSince1970)
                        if settings.linkCount > 1 { event.part = .viewer(number) }
                        onEvent(event)
                    }
                    if let scenes = settings.scenes { await probe.look(at: scenes.parts) }
                    probes.append(probe)
                } catch {
                    await stage.close()
                    throw BroadcastError(.internal, error.description)
                }
            }
            return Drill(settings, folder, stage, probes, onEvent)
        } catch {
            for probe in probes { await probe.close() }
            folder.remove()
            throw error
        }
    }

    private init(
        _ settings: DrillSettings, _ folder: DrillFolder, _ stage: DrillStage, _ probes: [Probe],
        _ onEvent: @escaping @Sendable (Event) -> Void
    ) {
        self.folder = folder
        self.stage = stage
        course = DrillCourse(
            settings: settings, folder: folder, log: DrillLog(onEvent: onEvent), stage: stage, probes: probes)
    }

    /// Holds the drill, once. When the task is cancelled, the broadcast is ended, and what was seen of it judged.
    /// - Throws: what keeps the drill from being held.
    package func run() async throws(BroadcastError) -> DrillReport { try await course.run() }

    /// What the viewer of the first link sees now.
    package func view() async -> LiveView { await course.probe.view() }

    /// Ends the programs, viewers and threads of the drill and removes its folder; the last call.
    package func close() async {
        await course.paths.close()
        await course.chat.value?.close()
        await stage.close()
        for probe in course.probes { await probe.close() }
        folder.remove()
    }
}

/// A folder of the drill's own, for sockets and claims.
struct DrillFolder {
    let path: String

    init() throws(BroadcastError) {
        var template = Array("/tmp/bulkhead-drill-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw BroadcastError(.file, "no folder can be made in /tmp for the drill")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for name in ["claims", "disk", "recording", "fallback"] { mkdir("\(path)/\(name)", 0o700) }
    }

    var controlPath: String { path + "/control" }
    var claims: String { path + "/claims" }
    var disk: String { path + "/disk" }

    /// Where a recording's disk is mounted.
    var recordingDisk: String { path + "/recording" }
    var fallback: String { path + "/fallback" }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
