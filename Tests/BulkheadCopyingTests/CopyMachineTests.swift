import BulkheadCopying
import BulkheadEvents
import BulkheadMedia
import BulkheadSystem
import BulkheadTimeline
import Testing

/// What goes out of a stream that is passed on, with time passed in.
@Suite(.timeLimit(.minutes(1))) struct CopyMachineTests {
    /// An input with a picture each 40 ms, an IDR each second, and sound of 48 kHz.
    struct Input {
        /// 320x180, baseline, as x264 writes it.
        static let record: [UInt8] = [
            1, 0x42, 0xC0, 0x0C, 0xFF, 0xE1, 0, 0x17, 0x67, 0x42, 0xC0, 0x0C, 0xDA, 5, 6, 0x7E, 0x7C, 4, 0x40,
            0, 0, 3, 0, 0x40, 0, 0, 0x0C, 0x83, 0xC5, 0x0A, 0xA8, 1, 0, 4, 0x68, 0xCE, 0x0F, 0xC8,
        ]
        static let format = CopiedFormat(avcConfiguration: record, audioSpecificConfig: [0x11, 0x90])
        static let silent = CopiedFormat(avcConfiguration: record, audioSpecificConfig: [])

        static func picture(_ index: Int64, from start: Int64 = 0, isIDR: Bool? = nil) -> CopiedPacket {
            let time = MediaTime(milliseconds: start + index * 40)
            let isIDR = isIDR ?? index.isMultiple(of: 25)
            return CopiedPacket(
                kind: .video(isIDR: isIDR, isDisposable: false), dts: time, pts: time, position: time,
                bytes: [0, 0, 0, 2, isIDR ? 0x65 : 0x41, UInt8(truncatingIfNeeded: index)])
        }

        static func sound(_ index: Int64, from start: Int64 = 0) -> CopiedPacket {
            let time = MediaTime(milliseconds: start) + MediaTime(sampleIndex: index * 1024)
            return CopiedPacket(
                kind: .audio, dts: time, pts: time, position: time, bytes: [0x21, UInt8(truncatingIfNeeded: index)])
        }
    }

    /// A machine with a clock, and what has come out of it.
    final class Stream {
        var machine: CopyMachine
        var now = MonotonicTime(nanoseconds: 1_000_000_000)
        private(set) var sent: [Packet] = []
        private(set) var configurations: [Int] = []
        private(set) var happenings: [TimelineHappening] = []
        private(set) var credits: [MediaTime] = []
        private(set) var wanted: [String] = []
        private(set) var hasEnded = false

        init(_ terms: CopyMachine.Terms = .init(), isLive: Bool = true, format: CopiedFormat? = Input.format) throws {
            machine = CopyMachine(terms, at: now)
            let rate = try #require(FrameRate(25))
            handle(.opened(isLive: isLive, rate))
            if let format { note(try machine.take(format)) }
        }

        func handle(_ event: CopyMachine.Event) { note(machine.handle(event, at: now)) }
        func take(_ packet: CopiedPacket) throws { note(try machine.take(packet, at: now)) }
        func take(_ format: CopiedFormat) throws { note(try machine.take(format)) }

        /// Lets time pass, with a tick each 10 ms.
        func pass(milliseconds: Int) {
            for _ in 0..<milliseconds / 10 {
                now = now.advanced(by: .milliseconds(10))
                handle(.tick)
            }
        }

        private func note(_ actions: [CopyMachine.Action]) {
            for action in actions {
                switch action {
                case .begin: break
                case .configure(_, let number): configurations.append(number)
                case .send(let packet): sent.append(packet)
                case .credit(let time): credits.append(time)
                case .makeSlate(let canvas, _, let profile): wanted.append("\(canvas) \(profile)")
                case .post(let happening): happenings.append(happening)
                case .ended: hasEnded = true
                }
            }
        }

        var pictures: [Packet] { sent.filter(\.isVideo) }
        /// Every DTS of pictures is above the last, and so with sound.
        var rises: Bool {
            [pictures, sent.filter { !$0.isVideo }].allSatisfy { packets in
                zip(packets, packets.dropFirst()).allSatisfy { $0.dts < $1.dts }
            }
        }
    }

    private static func slate() throws -> SlateLoop {
        let units = (0..<50).map { index in
            AccessUnit(
                frame: index, isIDR: index == 0, isDisposable: false, bytes: [0, 0, 0, 1, index == 0 ? 0x65 : 0x41])
        }
        let configuration = StreamConfiguration(
            canvas: try #require(Canvas("320x180")), frameRate: try #require(FrameRate(25)), videoBitsPerSecond: 0,
            audioBitsPerSecond: 0, avcConfiguration: [1, 2, 3], audioSpecificConfig: [0x11, 0x90])
        return try #require(SlateLoop(units: units, silence: [1], configuration: configuration))
    }

    @Test func packetsGoOutAsTheyComeFromTheFirstIDROn() throws {
        let stream = try Stream()
        #expect(stream.wanted == ["320x180 baseline"])
        #expect(stream.credits == [MediaTime(nanoseconds: .max)])
        for index in Int64(20)..<60 {
            try stream.take(Input.sound(index * 2))
            try stream.take(Input.picture(index))
            stream.pass(milliseconds: 40)
        }
        // The IDR has number 25, and its time is the timeline's zero.
        #expect(stream.pictures.count >= 34)
        #expect(stream.pictures.first?.isIDR == true && stream.pictures.first?.dts == .zero)
        let count = Int64(stream.pictures.count)
        #expect(stream.pictures.map(\.bytes) == (25..<25 + count).map { Input.picture($0).bytes })
        #expect(stream.pictures.last?.dts == MediaTime(milliseconds: Int64(stream.pictures.count - 1) * 40))
        #expect(stream.rises)
        #expect(stream.configurations == [0])
    }

    @Test func pictureAndSoundAreBroughtIntoOrder() throws {
        let stream = try Stream()
        // All pictures of a second come before its sound.
        for index in Int64(0)..<25 { try stream.take(Input.picture(index)) }
        for index in Int64(0)..<48 { try stream.take(Input.sound(index)) }
        #expect(zip(stream.sent, stream.sent.dropFirst()).allSatisfy { $0.dts <= $1.dts })
        #expect(stream.pictures.count == 25)
    }

    @Test func pictureWaitsForSoundNoLongerThanItsPatience() throws {
        let stream = try Stream()
        try stream.take(Input.picture(0))
        #expect(stream.sent.isEmpty)
        stream.pass(milliseconds: 520)
        #expect(stream.pictures.count == 1)
    }

    @Test func aFileGoesOutByTheClockAndIsAskedForAhead() throws {
        let stream = try Stream(isLive: false, format: Input.silent)
        #expect(stream.credits == [CopyMachine.lead])
        for index in Int64(0)..<75 { try stream.take(Input.picture(index)) }
        #expect(stream.pictures.count == 1)
        stream.pass(milliseconds: 1000)
        #expect((25...26).contains(stream.pictures.count))
        #expect(stream.credits.count == 2)
        #expect(stream.machine.wake.map { $0 > stream.now } == true)
    }

    @Test func aSecondProcessGoesOnWithoutAGap() throws {
        let stream = try Stream(isLive: false, format: Input.silent)
        for index in Int64(0)..<40 { try stream.take(Input.picture(index)) }
        stream.handle(.interrupted)
        let rate = try #require(FrameRate(25))
        stream.handle(.opened(isLive: false, rate))
        try stream.take(Input.silent)
        for index in Int64(40)..<75 { try stream.take(Input.picture(index)) }
        stream.pass(milliseconds: 3000)
        #expect(stream.pictures.map(\.bytes) == (0..<75).map { Input.picture($0).bytes })
        #expect(stream.pictures.map(\.dts) == (0..<75).map { MediaTime(milliseconds: $0 * 40) })
        #expect(stream.machine.figures.leftOut == 0)
    }

    @Test func aGapShowsTheSlateAndEndsWithTheNextIDR() throws {
        let stream = try Stream(.init(slateAfter: .seconds(1)))
        stream.handle(.slate(try Self.slate()))
        for index in Int64(0)..<25 {
            try stream.take(Input.sound(index * 2))
            try stream.take(Input.picture(index))
            stream.pass(milliseconds: 40)
        }
        stream.pass(milliseconds: 4000)
        #expect(stream.machine.isSlateOnAir)
        #expect((70...80).contains(stream.machine.figures.slated))
        #expect(stream.configurations == [0, 1])
        let slated = stream.pictures.count
        stream.handle(.interrupted)
        let rate = try #require(FrameRate(25))
        stream.handle(.opened(isLive: true, rate))
        try stream.take(Input.format)
        // It comes back in the midst of a GOP, in a time of its own.
        for index in Int64(10)..<60 {
            try stream.take(Input.sound(index * 2))
            try stream.take(Input.picture(index))
            stream.pass(milliseconds: 40)
        }
        #expect(!stream.machine.isSlateOnAir)
        let back = try #require(stream.pictures.dropFirst(slated).first { $0.bytes.count == 6 })
        #expect(back.isIDR && back.bytes == Input.picture(25).bytes && back.configuration == 0)
        #expect(stream.rises)
        #expect(
            stream.happenings == [
                .showing(picture: .slate, isStandIn: true), .showing(picture: .picture, isStandIn: false),
            ])
        // The slate's silence is in the input's layout.
        #expect(stream.sent.contains { !$0.isVideo && $0.bytes == SilentSound.frame(channelLayout: 2) })
    }

    /// A later broadcast goes on behind what the earlier one has sent, with the next IDR, and asks for what follows.
    @Test func aResumedStreamGoesOnBehindWhatWasSent() throws {
        let first = try Stream(isLive: false)
        for index in Int64(0)..<70 {
            try first.take(Input.sound(index * 2))
            try first.take(Input.sound(index * 2 + 1))
            try first.take(Input.picture(index))
        }
        first.pass(milliseconds: 1200)
        let place = first.machine.place
        let last = try #require(first.pictures.last)
        #expect(place.reached >= last.dts && place.reached < last.dts + MediaTime(milliseconds: 60))
        #expect(place.frame == Int64(first.pictures.count) && place.feed.shown?.pts == last.dts)
        let begin = place.reached + MediaTime(milliseconds: 40)
        let next = try Stream(
            .init(start: begin, sourceStart: try #require(place.feed.shown).pts), isLive: false)
        #expect(next.credits.first == last.dts + CopyMachine.lead)
        for index in place.frame..<70 {
            try next.take(Input.sound(index * 2))
            try next.take(Input.sound(index * 2 + 1))
            try next.take(Input.picture(index))
        }
        next.pass(milliseconds: 500)
        let picture = try #require(next.pictures.first)
        #expect(picture.isIDR && picture.dts == begin && picture.bytes == Input.picture(50).bytes)
        #expect(next.sent.allSatisfy { $0.dts > place.reached } && next.rises)
        #expect((12...14).contains(next.pictures.count))
    }

    @Test func aStreamWithoutSoundGetsSilence() throws {
        let stream = try Stream(format: Input.silent)
        for index in Int64(0)..<25 {
            try stream.take(Input.picture(index))
            stream.pass(milliseconds: 40)
        }
        let sounds = stream.sent.filter { !$0.isVideo }
        #expect((44...46).contains(sounds.count))
        #expect(stream.rises)
    }

    @Test func anotherSizeHoldsFromItsIDROn() throws {
        let stream = try Stream(format: Input.silent)
        for index in Int64(0)..<10 { try stream.take(Input.picture(index)) }
        var record = Input.record
        record[3] = 0x1E
        record[11] = 0x1E
        try stream.take(CopiedFormat(avcConfiguration: record, audioSpecificConfig: []))
        for index in Int64(10)..<30 { try stream.take(Input.picture(index)) }
        #expect(stream.configurations == [0, 1])
        #expect(stream.machine.figures.leftOut == 15)
        #expect(stream.pictures.map(\.configuration) == [Int](repeating: 0, count: 10) + [Int](repeating: 1, count: 5))
    }

    /// Sound of another form waits for an IDR; and sound that ends for good is followed by silence. Neither leaves a hole.
    @Test(arguments: [[0x12, 0x10], []] as [[UInt8]])
    func anotherFormOfSoundLeavesNoHole(configuration: [UInt8]) throws {
        let stream = try Stream()
        for index in Int64(0)..<30 {
            try stream.take(Input.sound(index * 2))
            try stream.take(Input.sound(index * 2 + 1))
            try stream.take(Input.picture(index))
        }
        try stream.take(CopiedFormat(avcConfiguration: Input.record, audioSpecificConfig: configuration))
        for index in Int64(30)..<80 {
            if !configuration.isEmpty {
                try stream.take(Input.sound(index * 2))
                try stream.take(Input.sound(index * 2 + 1))
            }
            try stream.take(Input.picture(index))
            stream.pass(milliseconds: 40)
        }
        stream.pass(milliseconds: 600)
        // Silence that is made has the form of this input's sound.
        #expect(stream.configurations == (configuration.isEmpty ? [0] : [0, 1]))
        #expect(stream.rises)
        let sounds = stream.sent.filter { !$0.isVideo }.map(\.dts)
        let holes = zip(sounds, sounds.dropFirst()).filter { $1 - $0 > MediaTime(milliseconds: 60) }
        #expect(holes.isEmpty, "\(holes)")
        #expect(try #require(sounds.last) > MediaTime(milliseconds: 2700))
    }

    @Test func liesAreRefused() throws {
        let stream = try Stream()
        #expect(throws: CopyFault.accessUnit) {
            try stream.take(
                CopiedPacket(
                    kind: .video(isIDR: true, isDisposable: false), dts: .zero, pts: .zero, position: .zero,
                    bytes: [0, 0, 1, 0, 0x65]))
        }
        try stream.take(Input.picture(1))
        #expect(throws: CopyFault.timesGoBack) { try stream.take(Input.picture(1)) }
        #expect(throws: CopyFault.parameterSets) {
            try stream.take(CopiedFormat(avcConfiguration: [1, 2, 3], audioSpecificConfig: []))
        }
        #expect(throws: CopyFault.soundConfiguration) {
            try stream.take(CopiedFormat(avcConfiguration: Input.record, audioSpecificConfig: [0xFF, 0xFF]))
        }
        let untold = try Stream(format: nil)
        #expect(throws: CopyFault.noFormat) { try untold.take(Input.picture(0)) }
    }

    @Test func theEndComesWithTheLastPacketOrTheDuration() throws {
        let file = try Stream(isLive: false, format: Input.silent)
        for index in Int64(0)..<10 { try file.take(Input.picture(index)) }
        file.handle(.inputEnded)
        #expect(!file.hasEnded)
        file.pass(milliseconds: 400)
        #expect(file.hasEnded && file.pictures.count == 10)
        let terms = CopyMachine.Terms(isFast: true, duration: MediaTime(milliseconds: 200))
        let short = try Stream(terms, isLive: false, format: Input.silent)
        for index in Int64(0)..<10 where !short.hasEnded { try short.take(Input.picture(index)) }
        #expect(short.hasEnded && short.pictures.count == 5)
    }

    @Test func fastInputsGoOutAtOnceWhereThereIsRoom() throws {
        let stream = try Stream(.init(isFast: true), isLive: false, format: Input.silent)
        var machine = stream.machine
        for index in Int64(0)..<5 { _ = try machine.take(Input.picture(index), at: stream.now, hasRoom: false) }
        #expect(machine.figures.copied == 0)
        _ = machine.handle(.tick, at: stream.now, hasRoom: true)
        #expect(machine.figures.copied == 5)
    }
}
