import BulkheadMedia
import Testing

@Suite(.timeLimit(.minutes(1))) struct PictureTreatmentTests {
    private func treatment(
        _ canvas: String = "1280x720", _ rate: String = "25", _ deinterlacing: Deinterlacing = .auto,
        _ change: (inout PictureFormat) -> Void = { _ in }
    ) throws -> PictureTreatment {
        var format = PictureFormat(codec: "h264", width: 1280, height: 720)
        (format.rateNumerator, format.rateDenominator) = (25, 1)
        format.pixelFormat = "yuv420p"
        change(&format)
        return PictureTreatment(
            format, canvas: try #require(Canvas(canvas)), frameRate: try #require(FrameRate(rate)), deinterlacing)
    }

    @Test func whatFitsIsLeftAlone() throws {
        let treatment = try treatment()
        #expect(!treatment.isScaled && !treatment.hasSideBars && !treatment.hasTopBars && !treatment.isTurned)
        #expect(!treatment.leavesOut && !treatment.repeats && treatment.deinterlacedInto == nil)
        #expect(treatment.convertedMatrix == nil && !treatment.narrowsRange && !treatment.isLaidOnBlack)
    }

    /// 4:2:0 with eight bits is what goes out.
    @Test(arguments: [
        ("yuv420p", false), ("nv12", false), ("", false), ("yuv444p", true), ("yuv420p10le", true), ("rgb24", true),
    ])
    func detailThatIsLostIsTold(pixelFormat: String, isReduced: Bool) throws {
        #expect(try treatment { $0.pixelFormat = pixelFormat }.isReduced == isReduced)
    }

    @Test func fieldsBecomePicturesWhereThereIsARateForThem() throws {
        #expect(try treatment("1280x720", "25") { $0.isInterlaced = true }.deinterlacedInto == .frame)
        let fields = try treatment("1280x720", "50") { $0.isInterlaced = true }
        #expect(fields.deinterlacedInto == .pictures && !fields.repeats && fields.framesPerSecond == 50)
        #expect(try treatment("1280x720", "25", .off) { $0.isInterlaced = true }.deinterlacedInto == nil)
        #expect(try treatment("1280x720", "25", .on).deinterlacedInto == .frame)
    }

    @Test func shapeDecidesWhereBlackStands() throws {
        let narrow = try treatment { ($0.width, $0.height) = (960, 720) }
        #expect(narrow.hasSideBars && !narrow.hasTopBars && !narrow.isScaled)
        let flat = try treatment { ($0.width, $0.height) = (1920, 800) }
        #expect(flat.hasTopBars && flat.isScaled && flat.shownWidth == 1280 && flat.shownHeight == 534)
        let phone = try treatment("720x1280") { $0.orientation.isTransposed = true }
        #expect(phone.isTurned && !phone.isScaled && !phone.hasSideBars)
    }

    @Test func coloursAndLightAreTold() throws {
        #expect(try treatment { ($0.width, $0.height) = (720, 576) }.convertedMatrix == "bt709")
        #expect(try treatment("640x360").convertedMatrix == "bt601")
        #expect(try treatment("640x360") { $0.matrix = "smpte170m" }.convertedMatrix == nil)
        #expect(try treatment { ($0.matrix, $0.transfer) = ("bt2020nc", .pq) }.mappedRange == .pq)
        #expect(try treatment { $0.isFullRange = true }.narrowsRange)
        #expect(try treatment { $0.hasAlpha = true }.isLaidOnBlack)
    }

    @Test func ratesThatDifferAreTold() throws {
        #expect(try treatment("1280x720", "30").repeats)
        #expect(try treatment("1280x720", "24").leavesOut)
        let still = try treatment("1280x720", "30") { $0.isStill = true }
        #expect(!still.repeats && still.framesPerSecond == nil)
    }

    @Test func soundBecomesStereoOf48Kilohertz() {
        let five = SoundTreatment(SoundFormat(codec: "ac3", sampleRate: 44_100, channelCount: 6))
        #expect(five.isFoldedDown && five.isResampled && !five.isDoubled)
        let mono = SoundTreatment(SoundFormat(codec: "aac", sampleRate: 48_000, channelCount: 1))
        #expect(mono.isDoubled && !mono.isResampled && !mono.isFoldedDown)
    }
}
