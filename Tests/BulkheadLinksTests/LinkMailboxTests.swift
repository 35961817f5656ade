import BulkheadFLV
import BulkheadLinks
import BulkheadMedia
import BulkheadTimeline
import Synchronization
import Testing

/// Players must be told of new parameter sets exactly in front of the first picture that needs them.
@Suite(.timeLimit(.minutes(2))) struct LinkMailboxTests {
    private static func packet(_ kind: Character, _ milliseconds: Int64, _ configuration: Int) -> Packet {
        let time = MediaTime(milliseconds: milliseconds)
        return Packet(
            kind: kind == "a" ? .audio : .video(isIDR: kind == "I", isDisposable: false), dts: time, pts: time,
            bytes: [1, 2, 3], configuration: configuration)
    }

    /// Told apart by their last byte.
    private static func configuration(_ number: UInt8) throws -> StreamConfiguration {
        StreamConfiguration(
            canvas: try #require(Canvas(width: 64, height: 64)), frameRate: try #require(FrameRate(30)),
            videoBitsPerSecond: 1, audioBitsPerSecond: 1, avcConfiguration: [number], audioSpecificConfig: [2])
    }

    /// A mailbox that knows the configurations 0 to 2 and was given `script`: "I0 P0 a0 I1" are pictures and sound with
    /// the number of the configuration they belong to, 10 ms apart.
    private static func mailbox(_ script: String) throws -> LinkMailbox {
        let mailbox = LinkMailbox(onRoom: {})
        for number in 0..<3 { mailbox.configure(try configuration(UInt8(number)), number: number) }
        for (index, word) in script.split(separator: " ").enumerated() {
            let kind = try #require(word.first)
            let number = try #require(Int(word.dropFirst()))
            mailbox.offer(packet(kind, Int64(index) * 10, number))
        }
        return mailbox
    }

    private static func text(_ extras: AMF0Object) -> String { extras.properties.map { "+\($0.name)" }.joined() }

    /// What a link would send: "c0" for configuration 0, then the packets as above.
    private static func drain(_ mailbox: LinkMailbox, _ count: Int = .max) -> String {
        var words: [String] = []
        while words.count < count {
            switch mailbox.take() {
            case .configuration(let configuration, let extras):
                words.append("c\(configuration.avcConfiguration.last ?? 255)" + Self.text(extras))
            case .metadata(let configuration, let extras):
                words.append("m\(configuration.avcConfiguration.last ?? 255)" + Self.text(extras))
            case .packet(let packet):
                let kind = packet.isVideo ? (packet.isIDR ? "I" : "P") : "a"
                words.append("\(kind)\(packet.configuration)")
            case .empty, .finished: return words.joined(separator: " ")
            }
        }
        return words.joined(separator: " ")
    }

    @Test(arguments: [
        ("I0 P0 P0", "c0 I0 P0 P0"),
        ("I0 P0 I1 P1", "c0 I0 P0 c1 I1 P1"),
        ("I0 I1 I0", "c0 I0 c1 I1 c0 I0"),
        // Sound says nothing about pictures, whatever number it carries.
        ("I0 a0 a2 I1 a0 P1 a2 I0", "c0 I0 a0 a2 c1 I1 a0 P1 a2 c0 I0"),
        ("I0 P0 I2 I1 P1", "c0 I0 P0 c2 I2 c1 I1 P1"),
        // Sound that comes first goes out behind some headers, and the picture's follow.
        ("a0 I2", "c2 a0 I2"),
        ("a0 I0", "c2 a0 c0 I0"),
    ])
    func configurationGoesInFrontOfItsFirstPicture(script: String, sent: String) throws {
        #expect(Self.drain(try Self.mailbox(script)) == sent)
    }

    /// A connection made anew gets the headers of the picture it starts with, wherever the old one broke.
    @Test(arguments: [
        (0, "c0 I0 P0 c1 I1 P1 c0 I0 P0"),
        (1, "c0 I0 P0 c1 I1 P1 c0 I0 P0"),
        (3, "c1 I1 P1 c0 I0 P0"),
        // Broken between a header and its picture.
        (4, "c1 I1 P1 c0 I0 P0"),
        (5, "c1 I1 P1 c0 I0 P0"),
        (6, "c0 I0 P0"),
        (7, "c0 I0 P0"),
        (9, "c0 I0 P0"),
    ])
    func rewindSendsTheHeadersAgain(taken: Int, sent: String) throws {
        let mailbox = try Self.mailbox("I0 P0 I1 P1 I0 P0")
        _ = Self.drain(mailbox, taken)
        mailbox.rewind()
        #expect(Self.drain(mailbox) == sent)
    }

    /// What metadata say besides is said with each connection, and once where it has changed, with the configuration that holds.
    @Test func extrasAreSaidOnEachConnection() throws {
        let mailbox = try Self.mailbox("I0 P0 I1 P1")
        mailbox.extend(["title": "a"])
        #expect(Self.drain(mailbox, 3) == "c0+title I0 P0")
        mailbox.extend(["title": "b", "notice": "c"])
        // The header of the next picture says it as well.
        #expect(Self.drain(mailbox) == "c1+title+notice I1 P1")
        mailbox.extend(["notice": "c"])
        mailbox.offer(Self.packet("P", 90, 1))
        #expect(Self.drain(mailbox) == "m1+notice P1")
        mailbox.extend(["notice": "c"])
        #expect(Self.drain(mailbox).isEmpty)
        mailbox.rewind()
        #expect(Self.drain(mailbox) == "c1+notice I1 P1 P1")
        mailbox.extend([:])
        #expect(Self.drain(mailbox) == "m1")
    }

    /// What comes after a change is announced and before its first picture still belongs to the old one.
    @Test func announcementAloneChangesNothing() throws {
        let mailbox = LinkMailbox(onRoom: {})
        mailbox.configure(try Self.configuration(0), number: 0)
        mailbox.offer(Self.packet("I", 0, 0))
        #expect(Self.drain(mailbox) == "c0 I0")
        mailbox.configure(try Self.configuration(1), number: 1)
        #expect(Self.drain(mailbox).isEmpty)
        mailbox.offer(Self.packet("P", 10, 0))
        mailbox.offer(Self.packet("a", 10, 1))
        #expect(Self.drain(mailbox) == "P0 a1")
        mailbox.offer(Self.packet("I", 20, 1))
        #expect(Self.drain(mailbox) == "c1 I1")
    }

    @Test func endComesAfterAllThatWaits() throws {
        let mailbox = try Self.mailbox("I0")
        mailbox.finish()
        #expect(Self.drain(mailbox) == "c0 I0")
        guard case .finished = mailbox.take() else {
            Issue.record("it is finished")
            return
        }
    }

    // MARK: room

    /// A broadcast in no hurry stands still until it is told that there is room again, however that came about: a queue
    /// that shed everything after a reconnect said nothing, and the broadcast stood still for ever.
    @Test func roomIsToldHoweverItComes() throws {
        let told = Mutex(0)
        var limits = LinkQueue.Limits()
        limits.byteCount = 2_000_000
        let mailbox = LinkMailbox(limits: limits) { told.withLock { $0 += 1 } }
        func offer(_ numbers: Range<Int64>, isIDR: Bool = false) {
            for number in numbers {
                let time = MediaTime(milliseconds: number * 20)
                mailbox.offer(
                    Packet(
                        kind: .video(isIDR: isIDR || number == 0, isDisposable: false), dts: time, pts: time,
                        bytes: [UInt8](repeating: 0, count: 20_000)))
            }
        }
        offer(0..<99)
        #expect(!mailbox.hasRoom && told.withLock { $0 } == 0)
        // Beyond its bound, with no other IDR: all goes.
        offer(99..<110)
        #expect(mailbox.hasRoom && told.withLock { $0 } == 1)
        offer(110..<111, isIDR: true)
        offer(111..<150)
        #expect(!mailbox.hasRoom && told.withLock { $0 } == 1)
        mailbox.pause(true)
        #expect(mailbox.hasRoom && told.withLock { $0 } == 2)
        mailbox.pause(false)
        offer(150..<151, isIDR: true)
        offer(151..<190)
        #expect(!mailbox.hasRoom)
        offer(190..<191, isIDR: true)
        mailbox.shed(.toNextIDR)
        #expect(mailbox.hasRoom && told.withLock { $0 } == 3)
    }

    /// A link that was taken off the air comes back where another way has ended.
    @Test(arguments: [
        (nil, "c2"), (Int64(1000), "c0 I0 P0"), (39, "c0 I0 P0 I0 P0"), (20, "c0 I0 P0 I0 P0"),
        (19, "c0 I0 P0 I0 P0 I0 P0"), (0, "c0 I0 P0 I0 P0 I0 P0"), (-5, "c0 I0 P0 I0 P0 I0 P0"),
    ]) func parkedLinkComesBackWhereItIsTold(time: Int64?, sent: String) throws {
        let mailbox = try Self.mailbox("I0 P0")
        _ = Self.drain(mailbox)
        mailbox.park()
        for (index, kind) in "IPIP".enumerated() { mailbox.offer(Self.packet(kind, 20 + Int64(index) * 10, 0)) }
        #expect(Self.drain(mailbox) == "" && mailbox.hasRoom)
        if let time { mailbox.resume(from: MediaTime(milliseconds: time)) }
        mailbox.pause(false)
        mailbox.rewind()
        #expect(Self.drain(mailbox) == sent)
        // Without a wish it begins with the next IDR.
        mailbox.offer(Self.packet("P", 60, 0))
        mailbox.offer(Self.packet("I", 70, 0))
        #expect(Self.drain(mailbox) == (time == nil ? "c0 I0" : "P0 I0"))
    }

    @Test func whatIsParkedIsBoundedByTheBackfill() {
        var limits = LinkQueue.Limits()
        limits.backfill = MediaTime(milliseconds: 100)
        let mailbox = LinkMailbox(limits: limits, onRoom: {})
        mailbox.park()
        for index in 0..<100 { mailbox.offer(Self.packet("I", Int64(index) * 10, 0)) }
        mailbox.resume(from: MediaTime(milliseconds: 0))
        mailbox.pause(false)
        mailbox.rewind()
        #expect(Self.drain(mailbox).split(separator: " ").count <= 12)
    }

    // MARK: the numbers

    @Test func bitratesAloneMakeNoNewConfiguration() throws {
        var configurations = StreamConfigurations()
        let first = try Self.configuration(1)
        var faster = first
        faster.videoBitsPerSecond = 5_000_000
        faster.audioBitsPerSecond = 256_000
        #expect(configurations.number(of: first) == 0)
        #expect(configurations.number(of: faster) == 0)
        #expect(configurations.number(of: try Self.configuration(2)) == 1)
        var larger = first
        larger.canvas = try #require(Canvas(width: 128, height: 64))
        #expect(configurations.number(of: larger) == 2)
        var otherSound = first
        otherSound.audioSpecificConfig = [9]
        #expect(configurations.number(of: otherSound) == 3)
        // Back to what was there before: the number it had.
        #expect(configurations.number(of: first) == 0)
    }

    @Test func eachIsAnnouncedOnce() throws {
        var configurations = StreamConfigurations()
        let all = try [1, 2].map { try Self.configuration($0) }
        for configuration in all { _ = configurations.number(of: configuration) }
        #expect(configurations.announce(1) == all[1])
        #expect(configurations.announce(1) == nil)
        #expect(configurations.announce(0) == all[0])
        #expect(configurations.announce(0) == nil)
        #expect(configurations.announce(2) == nil)
        #expect(configurations.announce(-1) == nil)
    }
}
