import BulkheadMedia
import BulkheadWire
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct LoopAndResumeTests {
    let folder: MediaFolder

    init() throws { folder = try MediaFolder() }

    /// The sound of each pass starts with a burst, at the moment of the first picture: over many passes of a clip with
    /// sound of another length, the distance has to stay what it is in the file.
    @Test(arguments: [0.7, 1.3])
    func loopedSoundStaysWithItsPicture(soundSeconds: Double) throws {
        let file = try folder.make(
            "l.mkv",
            "\(MediaFolder.picture(1)) -f lavfi -i aevalsrc=0.5*lt(t\\,0.05)*sin(2*PI*1000*t):s=48000:d=\(soundSeconds) "
                + "\(MediaFolder.x264) -c:a pcm_s16le")
        let source = try SourceUnderTest(file, loops: true)
        try source.play(until: { take in take.shots.count >= 31 * 60 })
        let starts = source.take.shots.filter { $0.position == 0 }.map(\.pts)
        let length = Int64((max(1, soundSeconds) * 1e9).rounded())
        #expect(starts.count >= 60)
        for (pass, start) in starts.enumerated() {
            #expect(abs(start - Int64(pass) * length) <= Int64(pass + 1) * 1_000_000)
            let sample = Int(MediaTime(nanoseconds: start).sampleIndex) * 2
            guard sample + 96 < source.take.samples.count else { continue }
            // The burst begins with sin(0) at the very sample; a quarter of its period later it is at its peak.
            let before = source.take.samples[max(0, sample - 192)..<sample].map { abs($0) }.max() ?? 0
            #expect(before < 0.01, "pass \(pass) begins early")
            #expect(abs(source.take.samples[sample + 24] - 0.5) < 0.01, "pass \(pass) begins late")
        }
        #expect(!source.take.hasEnded)
    }

    @Test func jumpsInTimestampsAreTakenOut() throws {
        let clip = "\(MediaFolder.picture(1)) \(MediaFolder.sound(1)) \(MediaFolder.x264) -c:a aac"
        _ = try folder.make("x.ts", clip)
        _ = try folder.make("y.ts", "\(clip) -output_ts_offset 1000")
        let x = try folder.bytes(of: "x.ts")
        let file = try folder.write(x + folder.bytes(of: "y.ts") + x, to: "jump.ts")
        let source = try SourceUnderTest(file)
        try source.play()
        #expect(source.take.shots.count == 90)
        let steps = zip(source.take.shots, source.take.shots.dropFirst()).map { $1.pts - $0.pts }
        // Where the parts meet, the sound may be up to a packet longer than the picture.
        let strange = steps.filter { !(33_000_000...60_000_000).contains($0) }
        #expect(strange.isEmpty, "\(strange)")
        let end = MediaTime(nanoseconds: source.take.shots.last?.pts ?? 0).sampleIndex
        #expect(abs(Int64(source.take.samples.count / 2) - end) < 4800)
    }

    static let resumed = ["r.mp4", "r.ts", "r.mkv"]

    /// Whatever picture was the last, a new process goes on with the next, bit for bit, and with the sound at the very
    /// sample; in the second pass of a loop too.
    @Test(arguments: resumed)
    func resumeIsFrameExact(_ name: String) throws {
        let file = try folder.make(
            name, "\(MediaFolder.picture(2)) \(MediaFolder.sound(2)) \(MediaFolder.x264) -g 25 -bf 2 -c:a aac")
        var pictures: [Int] = []
        let whole = try SourceUnderTest(file, loops: true)
        try whole.play(look: { pictures.append(whole.pixels($1).hashValue) }, until: { $0.shots.count == 100 })
        for index in [0, 7, 24, 40, 59, 60, 75] {
            let last = whole.take.shots[index]
            let sample = MediaTime(nanoseconds: last.pts).sampleIndex / 1024 * 1024 + 2048
            let source = try SourceUnderTest(
                file, loops: true, resume: SourceResume(pts: last.pts, position: last.position, audioSample: sample))
            var first: Int?
            try source.play(
                look: { if first == nil { first = source.pixels($1).hashValue } },
                until: { !$0.shots.isEmpty && !$0.samples.isEmpty })
            #expect(first == pictures[index + 1], "picture after \(index)")
            let expected = whole.take.shots[index + 1]
            let shot = try #require(source.take.shots.first)
            #expect(abs(shot.pts - expected.pts) < 1_000_000 && abs(shot.position - expected.position) < 1_000_000)
            #expect(source.take.firstSample == sample)
        }
    }

    @Test func testSourceResumes() throws {
        let rate = try #require(FrameRate(30))
        let source = try SourceUnderTest(
            "test", resume: SourceResume(pts: rate.time(of: 99).nanoseconds, position: 0, audioSample: 150_000))
        try source.play(until: { $0.shots.count >= 3 && !$0.samples.isEmpty })
        #expect(source.take.shots.prefix(3).map(\.pts) == [100, 101, 102].map { rate.time(of: $0).nanoseconds })
        #expect(source.take.firstSample == 150_000)
    }
}
