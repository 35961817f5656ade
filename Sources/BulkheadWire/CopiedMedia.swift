import BulkheadMedia

/// How what is passed on as it is goes on the wire.
extension CopiedFormat {
    func write(to writer: inout WireWriter) {
        writer.write(avcConfiguration)
        writer.write(audioSpecificConfig)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        self.init(
            avcConfiguration: try reader.readBytes(atMost: 65_536, "AVC configuration"),
            audioSpecificConfig: try reader.readBytes(atMost: 64, "audio configuration"))
    }
}

extension CopiedPacket {
    func write(to writer: inout WireWriter) {
        var (isIDR, isDisposable) = (false, false)
        if case .video(let idr, let disposable) = kind { (isIDR, isDisposable) = (idr, disposable) }
        for flag in [isVideo, isIDR, isDisposable] { writer.write(flag) }
        for time in [dts, pts, position] { writer.write(time.nanoseconds) }
        writer.write(bytes)
    }

    /// Throws at a picture or a frame of sound that is longer than any, and at one that is shown before it is decoded.
    init(_ reader: inout WireReader) throws(WireError) {
        let isVideo = try reader.readBool("picture flag")
        let (isIDR, isDisposable) = (try reader.readBool("IDR flag"), try reader.readBool("disposable flag"))
        let dts = MediaTime(nanoseconds: try reader.read())
        let pts = MediaTime(nanoseconds: try reader.read())
        let position = MediaTime(nanoseconds: try reader.read())
        guard pts >= dts else { throw reader.outsideRange("time") }
        self.init(
            kind: isVideo ? .video(isIDR: isIDR, isDisposable: isDisposable) : .audio, dts: dts, pts: pts,
            position: position,
            bytes: try reader.readBytes(atMost: isVideo ? Self.mostPictureBytes : Self.mostSoundBytes, "packet"))
    }
}
