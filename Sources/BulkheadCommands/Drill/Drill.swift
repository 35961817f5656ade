import BulkheadChildren
import BulkheadEvents
import BulkheadMaster
import BulkheadModel
import BulkheadProbe
import BulkheadRTMP
import BulkheadSystem
import BulkheadWire
import Foundation
import Glibc

/// One drill: a server, a broadcast and a viewer, faults by a plan, and a judgement.
struct Drill {
    let settings: DrillSettings
    let reporter: Reporter

    /// Runs the drill to its end; signals end the broadcast, and then the drill.
    /// - Throws: what keeps a drill from being held at all.
    func run(_ interruptions: Interruptions) async throws(BroadcastError) -> DrillReport {
        let folder = try DrillFolder()
        defer { folder.remove() }
        let programs = try Programs.named(settings.libexec)
        let log = DrillLog { [reporter] in reporter.event($0) }
        let stage = try DrillStage()
        var probes: [Probe] = []
        for number in 1...settings.linkCount {
            do throws(ProbeError) {
                let probe = try Probe(decoder: programs.launch(.decoder)) { [reporter, settings] observation in
                    var event = Event(observation, time: Date().timeIntervalSince1970)
                    if settings.linkCount > 1 { event.part = .viewer(number) }
                    reporter.event(event)
                }
                probes.append(probe)
            } catch {
                for probe in probes { await probe.close() }
                await stage.close()
                throw BroadcastError(.internal, error.description)
            }
        }
        let course = DrillCourse(
            settings: settings, folder: folder, programs: programs, log: log, stage: stage, probes: probes)
        let body = Task { await LongRun.outcome { () async throws(BroadcastError) in try await course.run() } }
        let (result, signalCount) = await LongRun(reporter: reporter, interruptions: interruptions).run(
            status: { [probe = probes[0]] in StatusLine(await probe.view()) },
            onSignal: { [reporter] count in
                if count == 1 { reporter.say("ending the drill") }
                body.cancel()
            },
            body: { await body.value })
        await course.paths.close()
        await stage.close()
        for probe in probes { await probe.close() }
        var report = try result.get()
        if signalCount > 0 { report.failure = "the drill was interrupted" }
        return report
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
        for name in ["claims", "disk"] { mkdir("\(path)/\(name)", 0o700) }
    }

    var controlPath: String { path + "/control" }
    var claims: String { path + "/claims" }
    var disk: String { path + "/disk" }

    func remove() {
        for folder in [claims, disk, path] {
            for name in FilePaths.names(in: folder) { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
        rmdir(path)
    }
}
