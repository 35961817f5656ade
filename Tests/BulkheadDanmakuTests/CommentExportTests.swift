import BulkheadDanmaku
import BulkheadMedia
import Testing

/// Comments as subtitles and as XML. Lines are worked out by hand from the formats' own descriptions.
@Suite(.timeLimit(.minutes(1))) struct CommentExportTests {
    private static func recorded(
        _ text: String, _ number: Int64, at seconds: Double, author: String = "Ann", mode: CommentMode = .scroll,
        color: UInt32? = nil, sentMillisecondsAgo: Int64 = 0
    ) -> RecordedComment {
        let time: Int64 = 1_700_000_000_000
        let comment = RoomComment(
            id: "\(number)", source: "test", authorID: "u,7", author: author, text: text, mode: mode, color: color,
            sentMilliseconds: time - sentMillisecondsAgo)
        return RecordedComment(RoomLogEntry(number, comment, time: time), seconds: seconds)
    }

    private static func canvas() throws -> Canvas { try #require(Canvas(width: 1920, height: 1080)) }

    private static func lines(_ comments: [RecordedComment], _ settings: DanmakuSettings = .init()) throws -> [String] {
        let canvas = try canvas()
        let script = ASSScript(canvas, settings, title: "show.mp4")
        let room = RecordedRoom("evening", width: 1920, height: 1080, settings)
        return CommentFlight.all(comments, [room], over: canvas).flights.map { script.line($0) }
    }

    /// 240 lines a second; ten wide letters of 36 lines and an outline of 7.2.
    @Test func commentsFlyAsOnAir() throws {
        let lines = try Self.lines([
            Self.recorded("弹幕弹幕弹幕弹幕弹幕", 1, at: 1), Self.recorded("back", 2, at: 2, mode: .reverse),
            Self.recorded("top", 3, at: 3, author: "", mode: .top, color: 0xFF8800),
            Self.recorded("bottom", 4, at: 3725.5, author: "a,b", mode: .bottom, color: 0x101010),
        ])
        #expect(
            lines == [
                "Dialogue: 0,0:00:01.00,0:00:10.53,Danmaku,Ann,0,0,0,,"
                    + "{\\an4\\move(1923.6,24.3,-363.6,24.3)}弹幕弹幕弹幕弹幕弹幕\n",
                "Dialogue: 0,0:00:02.00,0:00:10.39,Danmaku,Ann,0,0,0,,{\\an4\\move(-90,24.3,1923.6,24.3)}back\n",
                "Dialogue: 0,0:00:03.00,0:00:08.00,Danmaku,,0,0,0,,{\\an5\\pos(960,24.3)\\c&H0088FF&}top\n",
                "Dialogue: 0,1:02:05.50,1:02:10.50,Danmaku,a，b,0,0,0,,"
                    + "{\\an5\\pos(960,1055.7)\\c&H101010&\\3c&HFFFFFF&}bottom\n",
            ])
    }

    @Test func positionedCommentsStandWhereTheyAreToldTo() throws {
        var placed = Self.recorded("here", 1, at: 1)
        placed.comment.mode = .positioned
        placed.comment.place = CommentPlace(x: 0.25, y: 0.5)
        #expect(try Self.lines([placed]).first?.contains("{\\an4\\pos(483.6,564.3)}here") == true)
    }

    /// The layout is that of the stage, whatever comes.
    @Test func lanesAreThoseOfTheStage() throws {
        let comments = (0..<400 as Range<Int64>).map { number in
            let mode = CommentMode.allCases[Int(number * 7 % 4)]
            return Self.recorded("comment \(number % 88)", number + 1, at: Double(number) / 25, mode: mode)
        }
        var stage = DanmakuStage(try Self.canvas())
        var placed: [String: Double] = [:]
        for frame in 0..<2000 as Range<Int64> {
            let time = MediaTime(milliseconds: frame * 40)
            stage.advance(to: time)
            for comment in comments where comment.seconds == Double(frame) / 25 {
                _ = stage.offer(comment.comment, at: time)
            }
            for flying in stage.flying { placed[flying.comment.id] = flying.top }
        }
        let (flights, leftOut) = CommentFlight.all(comments.shuffled(), [], over: try Self.canvas())
        let tops = Dictionary(uniqueKeysWithValues: flights.map { ($0.flying.comment.id, $0.flying.top) })
        #expect(tops == placed && placed.count > 100)
        #expect(leftOut == stage.counts.shed && stage.counts.merged > 0)
        #expect(flights.map(\.flying.count).reduce(0, +) == comments.count - leftOut)
    }

    /// No text orders the player about.
    @Test func textsAreNoOrders() throws {
        let lines = try Self.lines([Self.recorded("{\\an8}a\\Nb\nc}", 1, at: 0)])
        #expect(lines.first?.hasSuffix("}\\{\\\u{200B}an8\\}a\\\u{200B}Nb c\\}\n") == true, "\(lines)")
        var settings = DanmakuSettings()
        settings.font = "A, B{\\fs1}"
        let header = ASSScript(try Self.canvas(), settings, title: "a\nDialogue: 0").header
        #expect(header.contains("Style: Danmaku,A Bfs1,42.1,&H19FFFFFF,") && header.contains("Title: a Dialogue: 0\n"))
    }

    @Test func whatChangesOnAirIsSaidOfEachComment() throws {
        var large = DanmakuSettings()
        (large.size, large.opacity, large.font) = (72, 0.5, "Noto Sans")
        let rooms = [
            RecordedRoom("evening", width: 1920, height: 1080, large, seconds: 5),
            RecordedRoom("evening", width: 1920, height: 1080, DanmakuSettings()),
        ]
        let comments = [Self.recorded("small", 1, at: 4.9), Self.recorded("large", 2, at: 5)]
        let flights = CommentFlight.all(comments, rooms, over: try Self.canvas()).flights
        let script = ASSScript(try Self.canvas(), DanmakuSettings(), title: "")
        let tags = flights.map { script.line($0) }.map { $0.contains("\\fs84.2\\fnNoto Sans\\alpha&H80&}large") }
        #expect(tags == [false, true])
    }

    /// What came behind a break stands where it was said; what was blocked, and what was said before the beginning, nowhere.
    @Test func whatCameLateStandsWhereItWasSaid() throws {
        var blocked = Self.recorded("rude", 3, at: 31)
        blocked.isBlocked = true
        let comments = [
            Self.recorded("late", 1, at: 30, sentMillisecondsAgo: 20_000),
            Self.recorded("earlier", 2, at: 30, sentMillisecondsAgo: 60_000), blocked,
            Self.recorded("nearly at once", 4, at: 32, sentMillisecondsAgo: 3000),
        ]
        let (flights, leftOut) = CommentFlight.all(comments, [], over: try Self.canvas())
        #expect(flights.map(\.flying.start) == [10_000_000_000, 32_000_000_000] && leftOut == 2)
        var subtitles = SubRip()
        let cues = comments.map { subtitles.cue($0, DanmakuSettings()) }
        #expect(
            cues == [
                "1\n00:00:10,000 --> 00:00:15,000\nAnn: late\n\n", "", "",
                "2\n00:00:32,000 --> 00:00:37,000\nAnn: nearly at once\n\n",
            ])
    }

    @Test func xmlIsWhatRecordersWrite() {
        let settings = DanmakuSettings()
        #expect(
            CommentXML.line(
                Self.recorded("a<b>&\"\u{1}\n\u{FFFF}弹", 1, at: 1.0004, author: "\"A\"", mode: .top), settings)
                == "  <d p=\"1.000,5,25,16777215,1700000000000,0,u7,0\" user=\"&quot;A&quot;\">"
                + "a&lt;b&gt;&amp;&quot; 弹</d>\n")
        var placed = Self.recorded("a\"b", 1, at: 1, author: "")
        placed.comment.mode = .positioned
        #expect(CommentXML.line(placed, settings).contains("p=\"1.000,1,25,"), "without a place it scrolls")
        placed.comment.place = CommentPlace(x: 0.25, y: 1)
        let line = CommentXML.line(placed, settings)
        #expect(line.contains("p=\"1.000,7,25,"))
        #expect(line.contains(">[&quot;0.250&quot;,&quot;1.000&quot;,&quot;1-1&quot;,5.000,&quot;a\\&quot;b&quot;]<"))
        let paid = { (micros: Int64, currency: String) in
            let comment = RoomComment(id: "1", source: "t", authorID: "7", author: "Ann", text: "hi", rank: .paid)
            let entry = RoomLogEntry(
                1, comment, time: 1000,
                paid: PaidComment(comment, amountMicros: micros, currency: currency, from: 0, until: 61_000))
            return CommentXML.line(RecordedComment(entry, seconds: 59.9996), settings)
        }
        #expect(
            paid(30_000_000, "CNY")
                == "  <sc ts=\"60.000\" uid=\"7\" user=\"Ann\" price=\"30\" time=\"60\">hi</sc>\n")
        #expect(paid(4_050_000, "EUR").contains("price=\"4.05\" currency=\"EUR\" time"))
    }

    @Test func subtitlesAreNoOrdersEither() {
        var subtitles = SubRip()
        let cue = subtitles.cue(Self.recorded("{\\an8}<i> --> x\n\n2", 1, at: 3661.5, author: ""), DanmakuSettings())
        #expect(
            cue == "1\n01:01:01,500 --> 01:01:06,500\n{\u{200B}\\an8}<\u{200B}i> --\u{200B}> x 2\n\n")
        #expect(subtitles.cue(Self.recorded("\u{202E}", 2, at: 1), DanmakuSettings()).isEmpty)
    }

    /// A recording of foreign numbers makes no trap.
    @Test func numbersThatCannotBeAreLeftOut() throws {
        for seconds in [-1, 1e12, .infinity, .nan] {
            let comment = Self.recorded("a", 1, at: seconds)
            #expect(CommentFlight.all([comment], [], over: try Self.canvas()).flights.isEmpty)
            #expect(CommentXML.line(comment, DanmakuSettings()).isEmpty)
        }
        var comment = Self.recorded("a", 1, at: 1)
        comment.time = .max
        comment.comment.sentMilliseconds = .min
        comment.until = .min
        comment.amountMicros = .min
        #expect(comment.saidAt(DanmakuSettings()) == 1)
        #expect(CommentXML.line(comment, DanmakuSettings()).contains("price=\"0\""))
    }
}
