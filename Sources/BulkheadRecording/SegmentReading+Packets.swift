package import BulkheadMP4
package import BulkheadMedia

extension SegmentReading {
    /// What a player has to know; nil without a track of pictures and one of sound, and for sizes that are no canvas.
    package var streamConfiguration: StreamConfiguration? {
        var (video, sound): (VideoTrack?, SoundTrack?) = (nil, nil)
        for track in header.tracks {
            switch track.content {
            case .video(let content): video = video ?? content
            case .sound(let content): sound = sound ?? content
            }
        }
        guard let video, let sound, let canvas = Canvas(width: Int(video.width), height: Int(video.height)),
            let rate = tracks.flatMap({ FrameRate($0.frameRateNumerator, $0.frameRateDenominator) }) ?? FrameRate(30)
        else { return nil }
        return StreamConfiguration(
            canvas: canvas, frameRate: rate, videoBitsPerSecond: 0, audioBitsPerSecond: Int(sound.bitsPerSecond),
            avcConfiguration: video.avcConfiguration, audioSpecificConfig: sound.audioSpecificConfig)
    }

    /// The packets of `part`, of the first track of either kind, in the order in which they are decoded; times count
    /// from the start of the file.
    /// - Parameter source: the file that was read.
    /// - Throws: ``MP4Error/unreadable(offset:reason:)``.
    package func packets(of part: Part, in source: any ByteSource) throws(MP4Error) -> [Packet] {
        let video = header.tracks.first(where: \.isVideo)
        let sound = header.tracks.first { !$0.isVideo }
        let samples = part.fragment.samples
        guard let start = samples.map(\.bytes.lowerBound).min(), let end = samples.map(\.bytes.upperBound).max() else {
            return []
        }
        let bytes = try source.read(start..<end)
        let packets = samples.compactMap { sample -> Packet? in
            guard let track = sample.track == video?.id ? video : sample.track == sound?.id ? sound : nil else {
                return nil
            }
            let dts = MediaTime(nanoseconds: track.nanoseconds(ticks: sample.dts))
            return Packet(
                kind: track.isVideo
                    ? .video(isIDR: sample.isSync, isDisposable: sample.isDisposable) : .audio,
                dts: dts, pts: MediaTime(nanoseconds: track.nanoseconds(ticks: sample.pts)),
                bytes: Array(bytes[Int(sample.bytes.lowerBound - start)..<Int(sample.bytes.upperBound - start)]))
        }
        // Samples of one track lie together; a stable order keeps those of one time as they lie.
        return packets.enumerated().sorted { ($0.element.dts, $0.offset) < ($1.element.dts, $1.offset) }.map(\.element)
    }
}
