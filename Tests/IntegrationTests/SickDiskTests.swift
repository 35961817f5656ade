import BulkheadTestSupport
import Foundation
import Testing

/// Recordings on disks that fail on command: a file system of a program's, `Tests/Disks/sick-disk`. One broadcast records to one
/// of them for each kind of failure, all at once.
@Suite(.timeLimit(.minutes(5)), .enabled(if: geteuid() == 0, "root mounts the disks"))
struct SickDiskTests {
    /// One kind of failure.
    private struct Sickness {
        /// What the disk is told, until it is told that it is well.
        let fault: String
        let trouble: String
        var errno: Int?
        /// It may be said again: each file that is made meanwhile meets it too.
        var isRepeated = false
    }

    /// At most eight: so many recordings has a broadcast.
    private static let sicknesses = [
        Sickness(fault: "write=122", trouble: "quota", errno: 122),
        Sickness(fault: "write=28", trouble: "full", errno: 28),
        Sickness(fault: "write=116", trouble: "gone", errno: 116, isRepeated: true),
        Sickness(fault: "write=19", trouble: "broken", errno: 19, isRepeated: true),
        // It claims success from then on: what was written before is given again, to another file.
        Sickness(fault: "fsync-once=5", trouble: "sync-failed", errno: 5),
        // The next file can't be made either.
        Sickness(fault: "fsync-once=5\\ncreate=13", trouble: "not-created", errno: 13),
        Sickness(fault: "slow=0.4", trouble: "slow"),
        Sickness(fault: "hang", trouble: "not-answering"),
    ]

    private static let sickDisk = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Disks/sick-disk").path

    @Test func everyFailureIsToldOnceAndCostsNoFrame() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let count = Self.sicknesses.count
        let faults = Self.sicknesses.enumerated().map { "printf '\($1.fault)\\n' >faults\($0 + 1)" }.joined(
            separator: "; ")
        let script = """
            cd '\(folder.url.path)'; DISKS=
            trap 'for i in $(seq \(count)); do : >faults$i; umount -l m$i 2>/dev/null; done; kill $DISKS 2>/dev/null' EXIT
            for i in $(seq \(count)); do
                mkdir back$i m$i; : >faults$i; '\(Self.sickDisk)' back$i m$i faults$i 2>>disks & DISKS="$DISKS $!"
            done
            LIMIT=100; for i in $(seq \(count)); do
                until mountpoint -q m$i || [ $LIMIT = 0 ]; do sleep 0.1; LIMIT=$((LIMIT-1)); done
            done
            [ $LIMIT = 0 ] && exit 77
            '\(BulkheadProgram.path("bulkhead"))' broadcast test --size 320x180 --fps 25 --preset ultrafast \
            --video-bitrate 1M --keyframe-interval 1s --duration 16 --json --control unix:c \
            $(for i in $(seq \(count)); do echo --record m$i/a.mp4; done) >events 2>errors &
            MASTER=$!; LIMIT=300
            for i in $(seq \(count)); do
                until [ -s back$i/a.mp4 ] || [ $LIMIT = 0 ]; do sleep 0.1; LIMIT=$((LIMIT-1)); done
            done
            sleep 3; date +%s.%N >harmed; \(faults)
            sleep 4; for i in $(seq \(count)); do : >faults$i; done
            wait $MASTER; echo $? >status
            """
        let process = try RunningProcess("unshare", ["-m", "--propagation", "private", "bash", "-c", script])
        let status = await process.wait(timeout: .seconds(150))
        func text(_ name: String) -> String { (try? String(contentsOfFile: folder.path(name), encoding: .utf8)) ?? "" }
        if status == 77 {
            withKnownIssue("there is no FUSE here, or no fusepy") { Issue.record("\(text("disks"))") }
            return
        }
        #expect(text("status").hasPrefix("0"), "\(text("errors")) \(process.errorText)")
        let events = ReportedEvent.all(in: text("events"))
        let harmed = try #require(Double(text("harmed").trimmingCharacters(in: .whitespacesAndNewlines)))
        for (index, sickness) in Self.sicknesses.enumerated() {
            let own = events.filter { $0.part.role == "recording" && $0.part.id == index + 1 }
            func told(_ code: String) -> [ReportedEvent] {
                own.filter {
                    $0.code == code && $0.string("trouble") == sickness.trouble && $0.string("subject") == "media"
                }
            }
            let (raised, cleared) = (told("recording.trouble"), told("recording.cleared"))
            let story = own.map { "\($0.code) \($0.string("trouble") ?? "") \($0.string("path") ?? "")" }
            #expect(sickness.isRepeated ? !raised.isEmpty : raised.count == 1, "\(sickness.fault): \(story)")
            #expect(cleared.count == raised.count, "\(sickness.fault): \(story)")
            if let errno = sickness.errno {
                #expect(raised.first?.number("errno") == Double(errno), "\(sickness.fault)")
            }
            // A second, and what a busy machine takes; of a slow disk three calls are waited for.
            let late = (raised.first?.time ?? .infinity) - harmed
            #expect(late < (sickness.trouble == "slow" ? 6 : 4), "\(sickness.fault): \(late) s")
            #expect(!own.contains { $0.code == "recording.left-out" }, "\(sickness.fault): \(story)")
            let frames = try await Self.frames(in: folder.path("back\(index + 1)"))
            #expect(frames == 400, "\(sickness.fault): \(frames) frames, \(story)")
        }
    }

    /// How many frames the segments in `path` have together, each once.
    private static func frames(in path: String) async throws -> Int {
        let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".mp4") }
        let joined = path + "/whole.mp4"
        let join = try BulkheadProgram.start(
            ["recording", "join"] + names.map { "\(path)/\($0)" } + ["-o", joined])
        guard await join.wait(timeout: .seconds(30)) == 0 else {
            Issue.record("\(join.errorText)")
            return 0
        }
        let probe = try RunningProcess(
            "ffprobe",
            ["-v", "error", "-select_streams", "v", "-count_packets", "-show_entries", "stream=nb_read_packets"]
                + ["-of", "csv=p=0", joined])
        _ = await probe.wait(timeout: .seconds(30))
        return Int(probe.outputText.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }
}
