import BulkheadMP4
import BulkheadRecording
import BulkheadTestSupport
import Foundation
import Testing

/// Recordings on disks that really fail: full, read-only, broken, frozen, lying. Each has a mount namespace of its own, so
/// that nothing of it is left when its script has ended.
@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: geteuid() == 0, "root mounts the disks"))
struct FailingDiskTests {
    /// One kind of failure.
    struct Failure: Sendable, CustomTestStringConvertible {
        let name: String
        /// Makes the disk at `m`.
        let mount: String
        /// What is done to it while the recording goes on. `$RECORDER` is the recorder's process.
        let harm: String
        /// Of the broadcast's programs.
        var environment = ""
        /// Flags of the broadcast.
        var flags = ""
        /// What is to be said and, unless it lasts, cleared.
        let trouble: String
        var errno: Int?
        var isLasting = false
        /// Which recording it is about.
        var part = 1
        var subject = "media"
        var testDescription: String { name }
    }

    private static let fakeTime = "/usr/lib/\(architecture)-linux-gnu/faketime/libfaketimeMT.so.1"
    private static let loop = "truncate -s 64M img && mkfs.ext4 -q -F img && mount -o loop"

    static let failures = [
        Failure(
            name: "full, and freed", mount: "mount -t tmpfs -o size=1m none m",
            harm: "dd if=/dev/zero of=m/ballast bs=1k count=2000 2>/dev/null; sleep 3; rm m/ballast; "
                + "mount -o remount,size=20m m", flags: "--record-floor 0", trouble: "full", errno: 28),
        Failure(
            name: "full by the standard floor, and freed", mount: "mount -t tmpfs -o size=20m none m",
            harm: "dd if=/dev/zero of=m/ballast bs=1k count=30000 2>/dev/null; sleep 3; rm m/ballast",
            trouble: "full"),
        Failure(
            name: "below the floor, and above it", mount: "mount -t tmpfs -o size=40m none m",
            harm: "fallocate -l 25M m/ballast; sleep 1; SIZE=$(stat -c %s m/a.mp4); sleep 2; "
                + "[ $SIZE = $(stat -c %s m/a.mp4) ] && rm m/ballast",
            flags: "--record-floor 20M", trouble: "full"),
        Failure(
            name: "read-only", mount: "\(loop),errors=remount-ro img m",
            harm: "echo x > /sys/fs/ext4/$(basename $(findmnt -n -o SOURCE m))/trigger_fs_error",
            flags: "--record-fallback fb", trouble: "read-only", errno: 30, isLasting: true),
        Failure(
            name: "shut down", mount: "\(loop) img m",
            harm: "python3 -c 'import fcntl,os,struct; "
                + "fcntl.ioctl(os.open(\"m\",os.O_RDONLY),0x8004587D,struct.pack(\"I\",2))'",
            flags: "--record-fallback fb", trouble: "broken", errno: 5, isLasting: true),
        Failure(
            name: "frozen, and thawed", mount: "\(loop) img m", harm: "fsfreeze -f m; sleep 4; fsfreeze -u m",
            trouble: "not-answering"),
        Failure(
            name: "frozen, with a fallback", mount: "\(loop) img m", harm: "fsfreeze -f m; sleep 4; fsfreeze -u m",
            flags: "--record-fallback fb", trouble: "not-answering", isLasting: true),
        Failure(
            name: "a file that may not grow", mount: "mount -t tmpfs none m",
            harm: "prlimit --pid $RECORDER --fsize=60000", trouble: "too-large", errno: 27),
        Failure(
            name: "folder renamed", mount: "mount -t tmpfs none m && mkdir m/r",
            harm: "mv m/r m/other; mkdir m/r", flags: "--record m/r/b.mp4", trouble: "removed", errno: 2, part: 2),
        Failure(
            name: "another file in its place", mount: "mount -t tmpfs none m",
            harm: "mv m/a.mp4 m/other.mp4; echo mine > m/a.mp4", trouble: "replaced"),
        Failure(
            name: "cut by another program", mount: "mount -t tmpfs none m", harm: "truncate -s 1000 m/a.mp4",
            trouble: "truncated"),
        Failure(
            name: "index removed", mount: "mount -t tmpfs none m", harm: "rm m/a.mp4.index", trouble: "removed",
            subject: "index"),
        Failure(
            name: "index cut by another program", mount: "mount -t tmpfs none m", harm: "truncate -s 10 m/a.mp4.index",
            trouble: "truncated", subject: "index"),
        Failure(
            name: "a quota of btrfs",
            mount: "truncate -s 300M img && mkfs.btrfs -q img && mount -o loop img m && btrfs quota enable m "
                + "&& btrfs qgroup limit 16M m",
            harm: "dd if=/dev/urandom of=m/ballast bs=64k count=400 2>/dev/null; sleep 3; btrfs qgroup limit none m",
            trouble: "quota", errno: 122),
        Failure(
            name: "no descriptors left", mount: "mount -t tmpfs none m",
            harm: "prlimit --pid $RECORDER --nofile=3:64; sleep 4; prlimit --pid $RECORDER --nofile=64:64",
            flags: "--record-segment 2s --keyframe-interval 1s", trouble: "own-resources", errno: 24),
        Failure(
            name: "the clock is set",
            mount: "[ -f \(fakeTime) ] && echo +0 >m/clock", harm: "echo -3600 >m/clock",
            environment: "LD_PRELOAD=\(fakeTime) FAKETIME_TIMESTAMP_FILE=$PWD/m/clock FAKETIME_NO_CACHE=1 "
                + "DONT_FAKE_MONOTONIC=1 BULKHEAD_CHILD_ENVIRONMENT=FAKETIME_TIMESTAMP_FILE,FAKETIME_NO_CACHE,"
                + "DONT_FAKE_MONOTONIC", trouble: "clock-jump"),
        Failure(
            name: "unmounted", mount: "mount -t tmpfs none m && mount -t tmpfs none m", harm: "umount -l m",
            trouble: "removed"),
    ]

    /// Every frame is in a file, the trouble is said once, within a second, and cleared once.
    @Test(arguments: failures) func recordingGoesOn(_ failure: Failure) async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let script = """
            cd '\(folder.url.path)'; mkdir m fb; trap 'fsfreeze -u m 2>/dev/null' EXIT
            ( \(failure.mount) ) || exit 77
            \(failure.environment) '\(BulkheadProgram.path("bulkhead"))' broadcast test --size 320x180 --fps 25 \
            --preset ultrafast --video-bitrate 2M --duration 11 --record m/a.mp4 \(failure.flags) --json --control unix:c >events 2>errors &
            MASTER=$!; LIMIT=200
            until [ -s m/a.mp4 ] || [ $LIMIT = 0 ]; do sleep 0.1; LIMIT=$((LIMIT-1)); done; sleep 3
            RECORDER=$(pgrep -n -P $MASTER bulkhead-record); date +%s.%N >harmed
            ( \(failure.harm) ) || echo 'the harm failed' >&2
            wait $MASTER; echo $? >status
            for file in $(find m fb -name '*.mp4' | sort); do
            ffprobe -v error -select_streams v -show_entries packet=pts_time -of csv=p=0 $file | tr -d , | wc -l; done >counts
            """
        let process = try RunningProcess("unshare", ["-m", "--propagation", "private", "bash", "-c", script])
        let status = await process.wait(timeout: .seconds(120))
        if status == 77 {
            withKnownIssue("this kernel makes no such disk: \(failure.name)") {
                Issue.record("\(process.errorText)")
            }
            return
        }
        func text(_ name: String) -> String { (try? String(contentsOfFile: folder.path(name), encoding: .utf8)) ?? "" }
        let events = ReportedEvent.all(in: text("events"))
        let words = "\(process.errorText)\(text("errors"))"
        #expect(text("status").hasPrefix("0"), "\(words)")
        #expect(!process.errorText.contains("the harm failed"))
        func told(_ code: String) -> [ReportedEvent] {
            events.filter {
                $0.code == code && $0.string("trouble") == failure.trouble
                    && $0.string("subject") == failure.subject && $0.part.role == "recording"
                    && $0.part.id == failure.part
            }
        }
        let raised = told("recording.trouble")
        let cleared = told("recording.cleared")
        let isRepeated = failure.trouble == "too-large"
        #expect(isRepeated ? !raised.isEmpty : raised.count == 1, "\(events.map(\.code)) \(words)")
        #expect(failure.isLasting ? cleared.isEmpty : cleared.count == raised.count)
        if failure.trouble == "clock-jump" { #expect(try jumps(in: folder.path("m/a.mp4.index")) == 1) }
        if let errno = failure.errno { #expect(raised.first?.number("errno") == Double(errno)) }
        if let time = raised.first?.time,
            let harmed = Double(text("harmed").trimmingCharacters(in: .whitespacesAndNewlines)),
            !isRepeated
        {
            // A second, and what a busy machine takes.
            #expect(time - harmed < 3, "\(time - harmed) s")
        }
        #expect(!events.contains { $0.code == "recording.left-out" })
        let frames = text("counts").split(separator: "\n").compactMap { Int($0) }.reduce(0, +)
        // What was in the folder or disk that went is not seen any more; a GOP may be in two files.
        let isGone = failure.subject == "media" && ["removed", "truncated"].contains(failure.trouble)
        let isUnreadable = failure.trouble == "broken"
        #expect(frames >= (isGone ? 110 : isUnreadable ? 140 : 275), "\(frames) \(words)")
    }

    /// How often an index says that the clock was set back by an hour.
    private func jumps(in index: String) throws -> Int {
        IndexReading([UInt8](try Data(contentsOf: URL(filePath: index)))).entries.count { located in
            guard case .clockJump(_, let before, let after) = located.entry else { return false }
            return abs(before.nanoseconds - after.nanoseconds - 3_600_000_000_000) < 2_000_000_000
        }
    }

    private static var architecture: String {
        #if arch(arm64)
            "aarch64"
        #else
            "x86_64"
        #endif
    }

    /// SIGKILL of everything: what is on the disk plays, and lacks half a second at most.
    @Test func whatIsOnTheDiskPlaysWhenAllIsKilled() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path("a.mp4")
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--size", "320x180", "--fps", "25", "--preset", "ultrafast", "--record", path,
            "--json",
            "--control", "unix:\(folder.path("c"))",
        ])
        func onAir() -> Double? {
            ReportedEvent.all(in: broadcast.outputText).first { $0.code == "timeline.on-air" }?.time
        }
        func byteCount() -> Int {
            (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        }
        #expect(
            await eventually(within: .seconds(60)) { onAir() != nil && byteCount() > 60_000 }, "\(broadcast.errorText)")
        let recorders = ProcessTable.children(of: broadcast.pid, named: "bulkhead-recorder")
        let end = Date().timeIntervalSince1970
        kill(broadcast.pid, SIGKILL)
        for pid in recorders { kill(pid, SIGKILL) }
        _ = await broadcast.wait(timeout: .seconds(20))
        #expect(await eventually { !recorders.contains(where: ProcessTable.exists) }, "nobody writes any more")
        let probe = try RunningProcess(
            "ffprobe",
            ["-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0", path])
        #expect(await probe.wait(timeout: .seconds(20)) == 0, "\(probe.errorText)")
        #expect(probe.errorText.isEmpty)
        let frames = probe.outputText.split(separator: "\n").count
        // Half a second of frames, and what was being encoded on a busy machine.
        let due = (end - (onAir() ?? end)) * 25
        #expect(Double(frames) > due - 25, "\(frames) of \(due)")
        let decoding = try RunningProcess("ffmpeg", ["-v", "error", "-i", path, "-f", "null", "-"])
        #expect(await decoding.wait(timeout: .seconds(20)) == 0)
        #expect(decoding.errorText.isEmpty, "\(decoding.errorText)")
    }
}
