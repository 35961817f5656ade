import BulkheadMedia
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Glibc
import Testing

/// The next file of a list is open before it is needed, and takes over between two frames and two samples.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ListAheadTests {
    /// A film of 25 pictures whose sound has one level throughout; none where that is nil.
    private func film(_ media: MediaFolder, _ name: String, level: Double?, sampleRate: Int = 48_000) throws -> String {
        let sound = level.map { "-f lavfi -i aevalsrc=\($0)|\($0):d=1:s=\(sampleRate) -c:a pcm_s16le" } ?? ""
        return try media.make(
            name, "-f lavfi -i testsrc=size=64x64:rate=25:duration=1 \(sound) -c:v mpeg4")
    }

    private func list(_ files: [String], seed: UInt32? = nil) -> PlaylistSettings {
        var settings = PlaylistSettings()
        (settings.files, settings.shuffleSeed) = (files, seed)
        return settings
    }

    private func play(_ files: [String], loops: Bool = false, seed: UInt32? = nil) throws -> SourceUnderTest {
        try SourceUnderTest(files[0], canvas: "64x64", rate: "25", loops: loops, playlist: list(files, seed: seed))
    }

    private func level(_ samples: [Float], at second: Double) -> Float { samples[Int(second * 48_000) * 2] }

    private func steps(_ samples: [Float]) -> Float {
        zip(samples, samples.dropFirst(2)).map { abs($0 - $1) }.max() ?? 0
    }

    @Test func soundsFadeIntoEachOtherWhereThePicturesChange() throws {
        let media = try MediaFolder()
        let levels: [Double?] = [0.5, -0.5, nil, 0.25, -0.25]
        let files = try levels.enumerated().map { index, level in
            try film(media, "\(index).mkv", level: level, sampleRate: index == 3 ? 44_100 : 48_000)
        }
        let source = try play(files)
        try source.play()
        #expect(source.take.hasEnded && source.take.notices.isEmpty, "\(source.take.notices)")
        // Every picture once, at its time, and each file from its start.
        #expect(source.take.shots.count == 125)
        #expect(source.take.entered.map(\.entry) == [1, 2, 3, 4])
        for entered in source.take.entered {
            #expect(source.take.shots.contains { $0.pts == entered.time && $0.position == 0 })
        }
        let samples = source.take.samples
        let borders = source.take.entered.map { Double($0.time) / 1e9 }
        for (index, border) in borders.enumerated() {
            let (before, after) = (Float(levels[index] ?? 0), Float(levels[index + 1] ?? 0))
            #expect(abs(level(samples, at: border - 0.02) - before) < 0.01, "\(index)")
            #expect(abs(level(samples, at: border + 0.02) - after) < 0.01, "\(index)")
        }
        // A whole level in 10 ms, and what the resampler of the fourth file adds.
        #expect(steps(samples) < 2 * 1.2 / 480, "\(steps(samples))")
    }

    /// A sound that lasts longer than the picture is left out behind it, up to a tenth of a second, and faded into.
    @Test func soundBehindThePictureIsWhatTheNextOneIsFadedInto() throws {
        let media = try MediaFolder()
        let files = try [0.4, -0.4].enumerated().map { index, level in
            try media.make(
                "\(index).mkv",
                "-f lavfi -i testsrc=size=64x64:rate=25:duration=1 "
                    + "-f lavfi -i aevalsrc=\(level)|\(level):d=1.05:s=48000 -c:a pcm_s16le -c:v mpeg4")
        }
        let source = try play(files)
        try source.play()
        #expect(source.take.shots.map(\.pts) == (0..<50).map { Int64($0) * 40_000_000 })
        // In the middle of the fade both are as loud.
        #expect(abs(level(source.take.samples, at: 1.005)) < 0.01)
        #expect(level(source.take.samples, at: 0.999) > 0.39 && level(source.take.samples, at: 1.011) < -0.39)
    }

    /// A pipe that gives nothing for as long as the film before it stands: it is asked for at the film's beginning.
    @Test func slowFileIsOpenedAhead() throws {
        let media = try MediaFolder()
        _ = try film(media, "a.mkv", level: 0.5)
        _ = try film(media, "b.mkv", level: -0.5)
        let pipe = media["pipe.mkv"]
        #expect(mkfifo(pipe, 0o600) == 0)
        let path = media["list.ffconcat"]
        try "ffconcat version 1.0\nfile a.mkv\nfile pipe.mkv\n".write(toFile: path, atomically: true, encoding: .utf8)
        let source = try SourceUnderTest(path, canvas: "64x64", rate: "25")
        source.keepsSlots = true
        try source.play(until: { $0.shots.count == 8 && $0.preparing.count == 1 })
        #expect(source.take.preparing == [pipe] && source.take.prepared.isEmpty)
        let bytes = try media.bytes(of: "b.mkv")
        Thread.detachNewThread {
            guard let file = fopen(pipe, "wb") else { return }
            fwrite(bytes, 1, bytes.count, file)
            fclose(file)
        }
        try source.play(until: { $0.prepared == [pipe] })
        try source.lendAgain()
        try source.play()
        #expect(source.take.hasEnded && source.take.shots.count == 50 && source.take.waitingCount == 0)
    }

    @Test func fileThatCanNotBePlayedCostsNothing() throws {
        let media = try MediaFolder()
        let good = [try film(media, "a.mkv", level: 0.5), try film(media, "b.mkv", level: 0.5)]
        // It opens, and nothing in it can be decoded.
        let whole = Data(try media.bytes(of: "a.mkv"))
        let cluster = try #require(whole.firstRange(of: Data([0x1F, 0x43, 0xB6, 0x75]))?.lowerBound)
        let hollow = try media.write([UInt8](whole.prefix(cluster)), to: "hollow.mkv")
        let text = try media.write(Array("no film".utf8), to: "text.mkv")
        let source = try play([good[0], hollow, text, media["gone.mkv"], good[1]])
        try source.play()
        #expect(source.take.hasEnded && source.take.shots.map(\.pts) == (0..<50).map { Int64($0) * 40_000_000 })
        #expect(source.take.notices.count == 3, "\(source.take.notices)")
        #expect(source.take.places.map(\.number) == [4])
        #expect(steps(source.take.samples) < 1.2 / 480)
    }

    /// The last picture stands while there is sound alone; where there was none, it is black.
    @Test func soundAloneHasAPicture() throws {
        let media = try MediaFolder()
        let song = try media.make("s.wav", "-f lavfi -i aevalsrc=0.5|0.5:d=1.5:s=48000")
        let source = try play([song, try film(media, "a.mkv", level: 0.5), song])
        var brightness: [Int64: Int] = [:]
        try source.play(look: { shot, bytes in
            brightness[shot.pts] = source.mean(bytes, PixelRectangle(x: 0, y: 0, width: 64, height: 64)).y
        })
        #expect(source.take.hasEnded)
        let times = source.take.shots.map(\.pts)
        #expect(times.first == 0 && brightness[0] == 16)
        // None is so far from the next that it would be missed.
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 <= 1_000_000_000 })
        let border = try #require(source.take.entered.first?.time)
        #expect(abs(border - 1_500_000_000) <= 10_000_000 && (brightness[border] ?? 0) > 40)
        let last = try #require(source.take.shots.last)
        #expect(last.pts > 3_300_000_000 && (brightness[last.pts] ?? 0) > 40)
        #expect(steps(source.take.samples) < 1.2 / 480)
    }

    // MARK: skipping

    @Test func skipTakesTheNextFileBetweenTwoFrames() throws {
        let media = try MediaFolder()
        let files = try (0..<4).map { try film(media, "\($0).mkv", level: [0.5, -0.5][$0 % 2]) }
        let source = try play(files)
        // It waits for slots while it is told, so that it has not played on.
        source.keepsSlots = true
        try source.play(until: { $0.shots.count == 8 && $0.prepared.count == 1 })
        try source.child.send(SourceRequest.skip(file: ""))
        try source.play(until: { $0.skipAnswers.count == 1 })
        #expect(source.take.skipAnswers == [nil])
        try source.lendAgain()
        try source.play(until: { $0.entered.count == 1 })
        source.keepsSlots = true
        try source.play(until: { $0.shots.last?.position == 200_000_000 })
        // By its number, its name, and none that there is.
        try source.child.send(SourceRequest.skip(file: "nothing"))
        try source.child.send(SourceRequest.skip(file: "3.mkv"))
        try source.play(until: { $0.skipAnswers.count == 3 })
        try source.lendAgain()
        try source.play()
        #expect(source.take.hasEnded)
        #expect(source.take.skipAnswers.map { $0 == nil } == [true, false, true])
        #expect(source.take.entered.map(\.entry) == [1, 3])
        let times = source.take.shots.map(\.pts)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 && $1 - $0 <= 80_000_000 }, "no gap: \(times)")
        let first = try #require(source.take.entered.first)
        #expect(first.time < 800_000_000, "within half a second or so")
        #expect(source.take.shots.contains { abs($0.pts - first.time) < 1000 && $0.position == 0 })
        #expect(steps(source.take.samples) < 1.2 / 480, "\(steps(source.take.samples))")
    }

    @Test func nothingFollowsTheLastFile() throws {
        let media = try MediaFolder()
        let source = try play([try film(media, "a.mkv", level: 0.5)])
        source.keepsSlots = true
        try source.play(until: { $0.shots.count == 8 })
        try source.child.send(SourceRequest.skip(file: ""))
        try source.lendAgain()
        try source.play()
        #expect(source.take.hasEnded && source.take.shots.count == 25)
        #expect(source.take.skipAnswers.count == 1 && source.take.skipAnswers.first??.code == .notFound)
    }

    // MARK: order

    /// The order that a seed gives, for every process that is told it.
    @Test func shuffledListGoesOnInItsOrder() throws {
        let media = try MediaFolder()
        let files = try (0..<4).map { try film(media, "\($0).mkv", level: nil) }
        let first = try play(files, loops: true, seed: 11)
        try first.play(until: { $0.places.count == 9 })
        let names = [first.take.description?.place?.file ?? ""] + first.take.places.map(\.file)
        #expect(Set(names.prefix(4)) == Set(files) && Set(names[4..<8]) == Set(files))
        #expect(!zip(names, names.dropFirst()).contains { $0 == $1 })
        for (place, name) in zip(first.take.places, names.dropFirst(2)) { #expect(place.next == name) }
        // A process that takes over in the second round.
        let place = first.take.places[4]
        let resume = SourceResume(
            pts: 5_400_000_000, position: 400_000_000, audioSample: 0, entry: place.number, round: place.round,
            file: place.file)
        let next = try SourceUnderTest(
            files[0], canvas: "64x64", rate: "25", loops: true, resume: resume, playlist: list(files, seed: 11))
        try next.play(until: { $0.places.count == 3 })
        #expect(next.take.shots.first == .init(pts: 5_440_000_000, position: 440_000_000))
        #expect(next.take.places.map(\.file) == Array(names[6..<9]))
    }

    @Test func filesThatEndProcessesAreLeftOut() throws {
        let media = try MediaFolder()
        let files = try (0..<3).map { try film(media, "\($0).mkv", level: nil) }
        var settings = list(files)
        settings.avoided = [files[0], files[1]]
        let source = try SourceUnderTest(files[0], canvas: "64x64", rate: "25", playlist: settings)
        try source.play()
        #expect(source.take.hasEnded && source.take.shots.count == 25)
        #expect(source.take.description?.place?.file == files[2] && source.take.preparing.isEmpty)
    }

    /// A folder is read anew for each file.
    @Test func folderMayChange() throws {
        let media = try MediaFolder()
        for name in ["a", "c", "d"] { _ = try film(media, "\(name).mkv", level: nil) }
        let source = try SourceUnderTest(media.path, canvas: "64x64", rate: "25")
        source.keepsSlots = true
        try source.play(until: { $0.shots.count == 8 && $0.prepared.count == 1 })
        // The next one is open already, whatever becomes of its name; then comes what stands at its place now.
        try FileManager.default.removeItem(atPath: media["c.mkv"])
        try FileManager.default.removeItem(atPath: media["d.mkv"])
        for name in ["b", "e"] {
            let path = try film(media, "\(name).mkv", level: nil)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -60)], ofItemAtPath: path)
        }
        // It may still be being written.
        _ = try film(media, "f.mkv", level: nil)
        try source.lendAgain()
        try source.play()
        let names = source.take.places.map { $0.file.split(separator: "/").last ?? "" }
        #expect(source.take.hasEnded && names == ["c.mkv", "b.mkv", "e.mkv"], "\(names)")
        #expect(source.take.notices.isEmpty)
    }

    /// What plays a folder reads nothing else: the link is named, and what to do about it.
    @Test func linkThatLeadsAwayIsLeftOut() throws {
        let (media, other) = (try MediaFolder(), try MediaFolder())
        _ = try film(media, "a.mkv", level: nil)
        let target = try film(other, "b.mkv", level: nil)
        try FileManager.default.createSymbolicLink(atPath: media["b.mkv"], withDestinationPath: target)
        try FileManager.default.createSymbolicLink(atPath: media["c.mkv"], withDestinationPath: "a.mkv")
        let source = try SourceUnderTest(media.path, canvas: "64x64", rate: "25")
        try source.play()
        #expect(source.take.hasEnded && source.take.shots.count == 50)
        #expect(source.take.notices.count == 1 && source.take.notices.first?.contains("name it in an M3U") == true)
        // As it says.
        let list = media["list.m3u"]
        try "b.mkv\n\(target)\n".write(toFile: list, atomically: true, encoding: .utf8)
        let named = try SourceUnderTest(list, canvas: "64x64", rate: "25")
        try named.play()
        #expect(named.take.hasEnded && named.take.shots.count == 50 && named.take.notices.isEmpty)
    }
}
