import BulkheadMedia

/// How what an input says of itself goes on the wire.
extension PictureFormat {
    func write(to writer: inout WireWriter) {
        writer.write(codec, atMost: 64)
        for number in [
            width, height, aspectNumerator, aspectDenominator, rateNumerator, rateDenominator,
        ] {
            writer.write(number)
        }
        for flag in flags { writer.write(flag) }
        writer.write(transfer.code)
        writer.write(pixelFormat, atMost: 64)
        writer.write(matrix, atMost: 64)
        writer.write(track)
        writer.write(trackCount)
        writer.write(language, atMost: 64)
    }

    private var flags: [Bool] {
        [
            orientation.isTransposed, orientation.flipsHorizontally, orientation.flipsVertically, hasVariableRate,
            isInterlaced, hasAlpha, isFullRange, isStill, isDrawn,
        ]
    }

    init(_ reader: inout WireReader) throws(WireError) {
        self.init(
            codec: try reader.readString(atMost: 64, "codec"), width: try reader.read(), height: try reader.read())
        aspectNumerator = try reader.read()
        aspectDenominator = try reader.read()
        rateNumerator = try reader.read()
        rateDenominator = try reader.read()
        orientation.isTransposed = try reader.readBool("transposition flag")
        orientation.flipsHorizontally = try reader.readBool("horizontal flip flag")
        orientation.flipsVertically = try reader.readBool("vertical flip flag")
        hasVariableRate = try reader.readBool("variable rate flag")
        isInterlaced = try reader.readBool("interlacing flag")
        hasAlpha = try reader.readBool("alpha flag")
        isFullRange = try reader.readBool("full range flag")
        isStill = try reader.readBool("still flag")
        isDrawn = try reader.readBool("drawing flag")
        guard let transfer = Transfer(code: try reader.read()) else { throw reader.outsideRange("transfer") }
        self.transfer = transfer
        pixelFormat = try reader.readString(atMost: 64, "pixel format")
        matrix = try reader.readString(atMost: 64, "matrix")
        track = try reader.read()
        trackCount = try reader.read()
        language = try reader.readString(atMost: 64, "language")
    }
}

extension SoundFormat {
    func write(to writer: inout WireWriter) {
        writer.write(codec, atMost: 64)
        writer.write(sampleRate)
        writer.write(channelCount)
        writer.write(layout, atMost: 64)
        writer.write(track)
        writer.write(trackCount)
        writer.write(language, atMost: 64)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        self.init(
            codec: try reader.readString(atMost: 64, "codec"), sampleRate: try reader.read(),
            channelCount: try reader.read())
        layout = try reader.readString(atMost: 64, "layout")
        track = try reader.read()
        trackCount = try reader.read()
        language = try reader.readString(atMost: 64, "language")
    }
}

/// A choice whose place among all is its number on the wire.
extension CaseIterable where Self: Equatable, AllCases == [Self] {
    var code: UInt8 { UInt8(Self.allCases.firstIndex(of: self) ?? 0) }

    init?(code: UInt8) {
        guard Int(code) < Self.allCases.count else { return nil }
        self = Self.allCases[Int(code)]
    }
}
