/// What a `moov` says of one track beside its configuration.
struct TrackFacts {
    let track: Track
    /// The tables of a finished file; nil while it is written in fragments.
    let table: SampleTable?
    /// The parts of the track that are presented: the media time at which each begins, -1 for nothing, and how long it
    /// lasts in the movie's ticks, 0 for to the end. Empty where all of it is, from the start.
    let edits: [(mediaTime: Int64, duration: UInt64)]
    /// In the movie's ticks; 0 while it is not known.
    let duration: UInt64
}

/// All numbers of times and offsets are written in 64 bits, wherever the format has such a form.
extension BoxWriter {
    /// Ticks a second in which a movie's own times are counted.
    static let movieTimescale: UInt32 = 90_000

    /// The identity matrix of ISO/IEC 14496-12, 8.2.2.
    private mutating func writeMatrix() {
        for value: UInt32 in [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000] { write(value) }
    }

    /// The whole `moov` (8.2.1): with `mvex` while the file is written in fragments, with `udta` for chapters after.
    mutating func writeMovie(_ tracks: [TrackFacts], created: WallClock, chapters: [Chapter], inFragments: Bool) {
        let time = created.secondsSince1904
        box("moov") { moov in
            moov.fullBox("mvhd", version: 1) { box in
                box.write(time)
                box.write(time)
                box.write(Self.movieTimescale)
                box.write(tracks.map(\.duration).max() ?? 0)
                box.write(UInt32(0x1_0000))
                box.write(UInt16(0x100))
                box.writeZeros(10)
                box.writeMatrix()
                box.writeZeros(24)
                box.write((tracks.map(\.track.id).max() ?? 0) &+ 1)
            }
            for facts in tracks { moov.writeTrack(facts, time: time) }
            if inFragments {
                moov.box("mvex") { mvex in
                    for facts in tracks {
                        mvex.fullBox("trex") { box in
                            box.write(facts.track.id)
                            box.write(UInt32(1))
                            box.writeZeros(12)
                        }
                    }
                }
            }
            if !chapters.isEmpty { moov.box("udta") { $0.writeChapterList(chapters) } }
        }
    }

    private mutating func writeTrack(_ facts: TrackFacts, time: UInt64) {
        let track = facts.track
        box("trak") { trak in
            // Enabled, in the movie, in previews.
            trak.fullBox("tkhd", version: 1, flags: 7) { box in
                box.write(time)
                box.write(time)
                box.write(track.id)
                box.write(UInt32(0))
                box.write(facts.duration)
                box.writeZeros(8)
                box.write(UInt16(0))
                // Of several tracks of sound, players play one.
                box.write(UInt16(track.isVideo ? 0 : 1))
                box.write(UInt16(track.isVideo ? 0 : 0x100))
                box.write(UInt16(0))
                box.writeMatrix()
                let size = track.displaySize
                box.write(size.width)
                box.write(size.height)
            }
            if !facts.edits.isEmpty {
                trak.box("edts") { edts in
                    edts.fullBox("elst", version: 1) { box in
                        box.write(UInt32(facts.edits.count))
                        for edit in facts.edits {
                            box.write(edit.duration)
                            box.write(edit.mediaTime)
                            box.write(UInt32(0x1_0000))
                        }
                    }
                }
            }
            trak.box("mdia") { mdia in
                mdia.fullBox("mdhd", version: 1) { box in
                    box.write(time)
                    box.write(time)
                    box.write(track.timescale)
                    box.write(facts.table?.duration ?? 0)
                    // "und": the language is not known (8.4.2).
                    box.write(UInt16(0x55C4))
                    box.write(UInt16(0))
                }
                mdia.fullBox("hdlr") { box in
                    box.write(UInt32(0))
                    box.write(track.isVideo ? BoxType("vide") : "soun")
                    box.writeZeros(12)
                    box.write(terminated: track.name)
                }
                mdia.box("minf") { minf in
                    if track.isVideo {
                        minf.fullBox("vmhd", flags: 1) { $0.writeZeros(8) }
                    } else {
                        minf.fullBox("smhd") { $0.writeZeros(4) }
                    }
                    minf.box("dinf") { dinf in
                        dinf.fullBox("dref") { dref in
                            dref.write(UInt32(1))
                            // The media is in this file.
                            dref.fullBox("url ", flags: 1) { _ in }
                        }
                    }
                    minf.box("stbl") { stbl in
                        stbl.writeSampleDescription(of: track)
                        stbl.writeTables(facts.table ?? SampleTable())
                    }
                }
            }
        }
    }

    /// `stts`, `ctts`, `stss`, `stsc`, `stsz` and `co64` (8.6.1, 8.6.2, 8.7).
    private mutating func writeTables(_ table: SampleTable) {
        fullBox("stts") { box in
            let runs = table.timeRuns
            box.write(UInt32(runs.count))
            for run in runs {
                box.write(run.count)
                box.write(run.value)
            }
        }
        if table.compositionOffsets.contains(where: { $0.value != 0 }) {
            fullBox("ctts", version: 1) { box in
                box.write(UInt32(table.compositionOffsets.count))
                for run in table.compositionOffsets {
                    box.write(run.count)
                    box.write(run.value)
                }
            }
        }
        if !table.isAllSync {
            fullBox("stss") { box in
                box.write(UInt32(table.syncSamples.count))
                for sample in table.syncSamples { box.write(sample) }
            }
        }
        fullBox("stsc") { box in
            box.write(UInt32(table.chunkRuns.count))
            for run in table.chunkRuns {
                box.write(run.firstChunk)
                box.write(run.samplesPerChunk)
                box.write(UInt32(1))
            }
        }
        fullBox("stsz") { box in
            box.write(UInt32(0))
            box.write(UInt32(table.sizes.count))
            for size in table.sizes { box.write(size) }
        }
        fullBox("co64") { box in
            box.write(UInt32(table.chunkOffsets.count))
            for offset in table.chunkOffsets { box.write(offset) }
        }
    }

    /// The `stsd` with its one entry (8.5.2).
    private mutating func writeSampleDescription(of track: Track) {
        fullBox("stsd") { stsd in
            stsd.write(UInt32(1))
            switch track.content {
            case .video(let video): stsd.writeEntry(of: video)
            case .sound(let sound): stsd.writeEntry(of: sound)
            }
        }
    }

    /// A VisualSampleEntry (12.1.3) with the coding's configuration, and `colr` (12.1.5) and `pasp` (12.1.4) where they are
    /// known.
    private mutating func writeEntry(of video: VideoTrack) {
        let types = video.coding.types
        box(types.entry) { entry in
            entry.writeZeros(6)
            entry.write(UInt16(1))
            entry.writeZeros(16)
            entry.write(video.width)
            entry.write(video.height)
            entry.write(UInt32(0x48_0000))
            entry.write(UInt32(0x48_0000))
            entry.write(UInt32(0))
            entry.write(UInt16(1))
            entry.writeZeros(32)
            entry.write(UInt16(24))
            entry.write(Int16(-1))
            entry.box(types.configuration) { $0.write(video.avcConfiguration) }
            if let colour = video.colour {
                entry.box("colr") { box in
                    box.write(BoxType("nclx"))
                    box.write(colour.primaries)
                    box.write(colour.transfer)
                    box.write(colour.matrix)
                    box.write(UInt8(colour.isFullRange ? 0x80 : 0))
                }
            }
            if let aspect = video.sampleAspect {
                entry.box("pasp") { box in
                    box.write(aspect.width)
                    box.write(aspect.height)
                }
            }
        }
    }

    /// `mp4a` (12.2.3) with an `esds` (ISO/IEC 14496-1, 7.2.6; 14496-14, 3.1.2).
    private mutating func writeEntry(of sound: SoundTrack) {
        box("mp4a") { entry in
            entry.writeZeros(6)
            entry.write(UInt16(1))
            entry.writeZeros(8)
            entry.write(sound.channelCount)
            entry.write(UInt16(16))
            entry.write(UInt32(0))
            // 16 bits for whole samples a second: 0 says that the codec knows.
            entry.write(sound.sampleRate <= 0xFFFF ? sound.sampleRate << 16 : 0)
            entry.fullBox("esds") { esds in
                esds.writeDescriptor(
                    3,
                    [0, 0, 0]
                        + Self.descriptor(
                            4,
                            // AAC, a stream of sound; no buffer size; the greatest and the average rate.
                            [0x40, 0x15, 0, 0, 0] + Self.bytes(sound.bitsPerSecond) + Self.bytes(sound.bitsPerSecond)
                                + Self.descriptor(5, sound.audioSpecificConfig)) + Self.descriptor(6, [2]))
            }
        }
    }

    private mutating func writeDescriptor(_ tag: UInt8, _ body: [UInt8]) { write(Self.descriptor(tag, body)) }

    /// A descriptor with its length in four bytes of seven bits (ISO/IEC 14496-1, 8.3.3).
    private static func descriptor(_ tag: UInt8, _ body: [UInt8]) -> [UInt8] {
        let length = (0..<4).map { place in
            UInt8(truncatingIfNeeded: body.count >> (21 - 7 * place)) & 0x7F | (place < 3 ? 0x80 : 0)
        }
        return [tag] + length + body
    }

    private static func bytes(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
}

extension Track {
    /// The size to show pictures at, as 16.16 fixed-point numbers: with square pixels.
    fileprivate var displaySize: (width: UInt32, height: UInt32) {
        guard case .video(let video) = content else { return (0, 0) }
        var width = UInt64(video.width) << 16
        if let aspect = video.sampleAspect, aspect.height > 0 {
            // 16 bits by 32 bits, and 16 more, fit into 64.
            width = (UInt64(video.width) * UInt64(aspect.width) << 16) / UInt64(aspect.height)
        }
        return (UInt32(clamping: width), UInt32(video.height) << 16)
    }
}
