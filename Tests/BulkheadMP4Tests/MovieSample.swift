import BulkheadMP4

/// A small file of made-up samples.
enum MovieSample {
    static let video = Track.video(
        VideoTrack(
            avcConfiguration: [1, 0x42, 0, 30, 0xFF, 0xE1, 0, 4, 0x67, 0x42, 0, 30, 1, 0, 2, 0x68, 0xCE], width: 320,
            height: 180), id: 1, name: "Picture")
    static let sound = Track.sound(
        SoundTrack(audioSpecificConfig: [0x11, 0x90], sampleRate: 48_000, channelCount: 2, bitsPerSecond: 64_000), id: 2
    )

    /// Two pictures in a GOP of its own and three frames of sound, as fragment `number` counted from 0.
    static func samples(_ number: Int64, shift: Int64 = 0) -> [Sample] {
        let (picture, block) = (shift + number * 7200, number * 3072)
        return [
            Sample(
                track: 1, dts: picture, compositionOffset: 3600, duration: 3600,
                bytes: [0, 0, 0, 3, 0x65, UInt8(number), 1]),
            Sample(track: 2, dts: block, duration: 1024, bytes: [0x21, UInt8(number), 0]),
            Sample(
                track: 1, dts: picture + 3600, compositionOffset: -1800, duration: 3600, isSync: false,
                isDisposable: true, bytes: [0, 0, 0, 2, 0x01, UInt8(number)]),
            Sample(track: 2, dts: block + 1024, duration: 1024, bytes: [0x21, UInt8(number), 1, 1]),
            Sample(track: 2, dts: block + 2048, duration: 1024, bytes: [0x21, UInt8(number), 2]),
        ]
    }

    static func writer(presentationStart: Int64 = 0) -> FragmentWriter {
        FragmentWriter(
            tracks: [video, sound], presentationStart: presentationStart,
            created: WallClock(nanoseconds: 1_700_000_000_000_000_000), info: [1, 2, 3])
    }

    static func clock(_ number: Int) -> WallClock {
        WallClock(nanoseconds: 1_700_000_000_123_456_789 + Int64(number) * 500_000_000)
    }

    /// A file with `count` fragments, and what was written.
    static func file(_ count: Int) throws -> (bytes: [UInt8], fragments: [Fragment], writer: FragmentWriter) {
        var writer = writer()
        var bytes = writer.header
        var fragments: [Fragment] = []
        for number in 0..<count {
            let written = try writer.fragment(
                of: samples(Int64(number)), info: [9, UInt8(number)], wallClock: clock(number))
            bytes += written.bytes
            fragments.append(written.fragment)
        }
        return (bytes, fragments, writer)
    }

    /// `bytes` with `finish` carried out.
    static func finished(_ bytes: [UInt8], _ finish: Finish) -> [UInt8] {
        finish.steps.reduce(into: bytes) { bytes, step in carryOut(step, on: &bytes) }
    }

    static func carryOut(_ step: Finish.Step, on bytes: inout [UInt8]) {
        let start = Int(step.offset)
        bytes.replaceSubrange(start..<min(bytes.count, start + step.bytes.count), with: step.bytes)
    }

    /// What a reader gives of `bytes`, and itself at its end.
    static func read(_ bytes: [UInt8]) throws -> (fragments: [Fragment], reader: MovieReader) {
        var reader = try MovieReader(ArraySource(bytes))
        var fragments: [Fragment] = []
        while let fragment = try reader.next() { fragments.append(fragment) }
        return (fragments, reader)
    }
}
