import BulkheadMedia
import BulkheadTestSupport
import BulkheadWire
import Testing

/// Pictures that a source makes by itself: colours, titles, slates.
@Suite(.timeLimit(.minutes(2))) struct DrawingTests {
    /// Limited range, worked out by hand from ITU-R BT.709-6, 3.2 to 3.4, and BT.601-7, 2.5; players take the first from 720
    /// rows on.
    static let colors: [(url: String, canvas: String, y: Int, cb: Int, cr: Int)] = [
        ("color:#ff0000", "1280x720", 63, 102, 240), ("color:red", "640x360", 81, 90, 240),
        ("color:#1e90ff", "1280x720", 126, 188, 73), ("color:white", "64x64", 235, 128, 128),
        ("color:black", "1920x1080", 16, 128, 128), ("color:#808080", "320x180", 126, 128, 128),
        ("color:#ffffff80", "320x180", 126, 128, 128),
    ]

    /// All over the canvas, whatever its shape, and once.
    @Test(arguments: colors)
    func colourIsExactAndFillsTheCanvas(url: String, canvas: String, y: Int, cb: Int, cr: Int) throws {
        let source = try SourceUnderTest(url, canvas: canvas, hasAlpha: url.hasSuffix("ffffff80"))
        try source.play(
            look: { _, bytes in
                for (plane, value) in zip(source.layout.planes, [y, cb, cr]) {
                    for row in 0..<plane.height {
                        let start = plane.offset + row * plane.stride
                        let isSo = bytes[start..<start + plane.width].allSatisfy { abs(Int($0) - value) <= 1 }
                        try #require(isSo, "row \(row) is \(bytes[start]) instead of \(value)")
                    }
                }
                #expect(source.alpha(bytes, 3, 3) == (url.hasSuffix("ffffff80") ? 128 : nil))
            }, until: { !$0.shots.isEmpty })
        let description = try #require(source.take.description)
        #expect(description.duration == 0 && description.hasVideo && !description.hasAudio)
        #expect(description.picture?.hasAlpha == url.hasSuffix("ffffff80"))
        source.child.hangUp()
        #expect(try source.child.waitForExit().status == 0)
    }

    /// A small picture of what was delivered last, as often as it is asked for, and in the canvas's shape.
    @Test(arguments: [("1280x720", 320, 180), ("720x1280", 180, 320), ("64x64", 64, 64)])
    func thumbnailIsMadeOnDemand(canvas: String, width: Int, height: Int) throws {
        let source = try SourceUnderTest("color:#1e90ff", canvas: canvas)
        try source.play(until: { !$0.shots.isEmpty })
        #expect(source.take.thumbnails.isEmpty)
        for count in 1...2 {
            try source.child.send(SourceRequest.makeThumbnail)
            try source.play(until: { $0.thumbnails.count == count })
        }
        let jpeg = try #require(source.take.thumbnails.last)
        #expect(jpeg.starts(with: [0xFF, 0xD8]) && jpeg.suffix(2).elementsEqual([0xFF, 0xD9]))
        // The frame's header: SOF0, its length, the precision, height and width.
        let frame = try #require(jpeg.indices.dropLast(9).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        #expect(Int(jpeg[frame + 5]) << 8 | Int(jpeg[frame + 6]) == height)
        #expect(Int(jpeg[frame + 7]) << 8 | Int(jpeg[frame + 8]) == width)
        source.child.hangUp()
        #expect(try source.child.waitForExit().status == 0)
    }

    /// Where letters are: the rows and columns of a picture that are brighter than `limit`.
    private static func extent(
        _ bytes: UnsafeRawBufferPointer, _ layout: PictureLayout, brighterThan limit: UInt8 = 150
    ) -> (x: ClosedRange<Int>, y: ClosedRange<Int>)? {
        var (left, right, top, foot) = (Int.max, -1, Int.max, -1)
        for y in 0..<layout.luma.height {
            for x in 0..<layout.luma.width where bytes[y * layout.luma.stride + x] > limit {
                (left, right, top, foot) = (min(left, x), max(right, x), min(top, y), max(foot, y))
            }
        }
        return right < 0 ? nil : (left...right, top...foot)
    }

    static let words = [
        "x", "Jane Doe", "Привет, мир", "שלום עולם", "مرحبا بالعالم", "Ça va? Ňĕw ẫ̃", "two\nlines", "a b",
        String(repeating: "many words ", count: 30),
    ]

    /// Whole, in the middle, and with nothing at the edges of what is said to be its content.
    @Test(arguments: words) func titleIsWhole(words: String) throws {
        let source = try SourceUnderTest("title:\(words)", canvas: "640x360", hasAlpha: true)
        try source.play(
            look: { _, bytes in
                let found = try #require(Self.extent(bytes, source.layout))
                let picture = try #require(source.take.description?.picture)
                let place = PicturePlacement(
                    width: Int(picture.width), height: Int(picture.height), aspect: 1, orientation: .upright,
                    canvas: source.canvas)
                #expect(found.x.lowerBound > place.x && found.x.upperBound < place.x + place.width - 1)
                #expect(found.y.lowerBound > place.y && found.y.upperBound < place.y + place.height - 1)
                // Where no letter is near, all is seen through it.
                #expect(source.alpha(bytes, place.x, place.y) == 0)
                #expect(source.alpha(bytes, 0, 0) == 0)
            }, until: { !$0.shots.isEmpty })
        #expect(source.take.notices == [])
        #expect(source.take.description?.picture?.hasAlpha == true)
    }

    /// In another size it is drawn again, behind the picture that was there.
    @Test func anotherProcessGoesOnBehindTheLastPicture() throws {
        let resume = SourceResume(pts: 41, position: 41, audioSample: 0)
        let source = try SourceUnderTest("title:on", canvas: "64x64", resume: resume)
        try source.play(until: { !$0.shots.isEmpty })
        #expect(source.take.shots.first?.pts == 42)
    }

    @Test(arguments: ["320x180", "1280x720", "1080x1920", "16x16"]) func slateShowsItsWords(canvas: String) throws {
        let card = Card(.slate, "Gleich geht’s weiter\nСкоро вернёмся\nسنعود قريبا")
        let source = try SourceUnderTest("", canvas: canvas, card: card)
        try source.play(
            look: { _, bytes in
                guard canvas != "16x16" else { return }
                let found = try #require(Self.extent(bytes, source.layout, brighterThan: 120))
                let (width, height) = (source.canvas.width, source.canvas.height)
                #expect(found.x.lowerBound >= width / 20 && found.x.upperBound < width - width / 20)
                #expect(abs(found.x.lowerBound + found.x.upperBound - width) <= width / 20)
                #expect(found.y.lowerBound > height / 20 && found.y.upperBound < height - height / 20)
            }, until: { !$0.shots.isEmpty })
        #expect(source.take.notices == [])
    }

    /// The first picture is without the time; each further one has that of its moment, and nothing else changes.
    @Test func clockRunsWithEachSlot() throws {
        let source = try SourceUnderTest("", canvas: "320x180", slotCount: 1, card: Card(.slate, "x", hasClock: true))
        var pictures: [[UInt8]] = []
        try source.play(look: { pictures.append(source.pixels($1)) }, until: { $0.shots.count == 3 })
        let clock = (320 * 140)..<(320 * 166)
        #expect(pictures[0] != pictures[1])
        for picture in pictures {
            #expect(picture[..<clock.lowerBound].elementsEqual(pictures[0][..<clock.lowerBound]))
        }
        #expect(pictures[0][clock].allSatisfy { $0 < 60 })
        #expect(pictures[1][clock].contains { $0 > 150 } && pictures[2][clock].contains { $0 > 150 })
        #expect(source.take.shots.map(\.pts) == [0, 1, 2])
    }

    @Test func logoStandsAboveTheWords() throws {
        let folder = try MediaFolder()
        let logo = try folder.make(
            "ä.png",
            "-f lavfi -i color=white:s=80x40,format=rgba,geq=r=255:g=0:b=0:a=if(lt(X\\,40)\\,255\\,0) -frames:v 1")
        let source = try SourceUnderTest("", canvas: "640x360", card: Card(.slate, "x", logoPath: logo))
        try source.play(
            look: { _, bytes in
                // Its left half is red, its right one shows the ground.
                let left = source.mean(bytes, PixelRectangle(x: 280, y: 80, width: 16, height: 8))
                #expect(abs(left.y - 81) <= 2 && abs(left.cb - 90) <= 2 && abs(left.cr - 240) <= 2)
                let right = source.mean(bytes, PixelRectangle(x: 344, y: 80, width: 16, height: 8))
                #expect(right.y < 45 && abs(right.cb - 134) <= 1)
            }, until: { !$0.shots.isEmpty })
    }

    @Test func whatCannotBeDrawnIsRefused() throws {
        let folder = try MediaFolder()
        let text = try folder.write(Array("no picture".utf8), to: "logo.png")
        let source = try SourceUnderTest("", card: Card(.slate, "x", logoPath: text))
        try source.play()
        #expect(source.take.failure?.code == .notMedia)
        // A configuration that knows only a folder that is not there.
        let fonts = try folder.write(
            Array("<fontconfig><dir>\(folder["none"])</dir></fontconfig>".utf8), to: "fonts.conf")
        let bare = try SourceUnderTest("title:x", variables: ["FONTCONFIG_FILE=\(fonts)", "HOME=\(folder.path)"])
        try bare.play()
        #expect(bare.take.failure == Refusal(.settings, "no installed typeface has the letters of \"x\""))
    }

    /// Letters that no typeface has are told, and the others are drawn.
    @Test func lettersThatNobodyHasAreTold() throws {
        let source = try SourceUnderTest("title:a\u{10FFFD}", canvas: "64x64")
        try source.play(until: { !$0.shots.isEmpty })
        #expect(source.take.notices.count == 1 && source.take.notices[0].contains("no installed typeface has 1"))
    }
}
