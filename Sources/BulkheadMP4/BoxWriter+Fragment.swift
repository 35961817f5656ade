/// The samples of one track in a fragment; at least one.
struct TrackRun {
    let track: Track
    let samples: [Sample]
}

/// What the sample flags of ISO/IEC 14496-12, 8.8.3.1, say here.
enum SampleFlags {
    /// Depends on no other sample.
    static let sync: UInt32 = 0x0200_0000
    /// Depends on others, and is no place to start at.
    static let other: UInt32 = 0x0101_0000
    /// No other sample depends on it.
    static let disposable: UInt32 = 0x0080_0000
    /// Not a sync sample.
    static let isNotSync: UInt32 = 0x0001_0000
    /// The two bits that say whether others depend on it.
    static let isDependedOn: UInt32 = 0x00C0_0000
}

extension Sample {
    fileprivate var flags: UInt32 {
        (isSync ? SampleFlags.sync : SampleFlags.other) | (isDisposable ? SampleFlags.disposable : 0)
    }
}

extension BoxWriter {
    /// `ftyp` (4.3), 32 bytes in both forms. `iso6` has `trun` with signed offsets, `iso4` `ctts` with such.
    mutating func writeFileType(inFragments: Bool) {
        box("ftyp") { box in
            box.write(inFragments ? BoxType("iso6") : "isom")
            box.write(UInt32(0x200))
            for brand: BoxType in inFragments ? ["iso6", "iso5", "avc1", "mp41"] : ["isom", "iso4", "avc1", "mp41"] {
                box.write(brand)
            }
        }
    }

    /// A `uuid` box (11.1) that players pass over; none without contents.
    mutating func writePrivate(_ info: [UInt8]) {
        guard !info.isEmpty else { return }
        box("uuid") { box in
            box.write(PrivateBox.identifier)
            box.write(info)
        }
    }

    /// `prft` (8.16.5): `mediaTime`, in ticks of `track`, was `wallClock` where the sample was taken.
    mutating func writeProducerTime(_ wallClock: WallClock, track: UInt32, mediaTime: Int64) {
        // Flags 24: the time at which the sample was taken.
        fullBox("prft", version: 1, flags: 24) { box in
            box.write(track)
            box.write(wallClock.ntp)
            box.write(mediaTime)
        }
    }

    /// A `traf` with `tfhd`, `tfdt` and `trun` (8.8.6 to 8.8.8, 8.8.12).
    /// - Returns: where the four bytes are that say how far behind the `moof`'s start the samples lie.
    mutating func writeFragment(of run: TrackRun) -> Int {
        let samples = run.samples
        let duration = samples[0].duration
        let flags = samples.map(\.flags)
        let laterFlags = flags.dropFirst().first ?? flags[0]
        var fields: UInt32 = 0x1 | 0x200
        if samples.contains(where: { $0.duration != duration }) { fields |= 0x100 }
        if samples.contains(where: { $0.compositionOffset != 0 }) { fields |= 0x800 }
        if flags.dropFirst().contains(where: { $0 != laterFlags }) {
            fields |= 0x400
        } else if flags[0] != laterFlags {
            fields |= 0x4
        }
        var place = 0
        box("traf") { traf in
            // The base is the moof; a duration and flags for all samples that have none of their own.
            traf.fullBox("tfhd", flags: 0x02_0028) { box in
                box.write(run.track.id)
                box.write(duration)
                box.write(laterFlags)
            }
            traf.fullBox("tfdt", version: 1) { $0.write(samples[0].dts) }
            traf.fullBox("trun", version: 1, flags: fields) { box in
                box.write(UInt32(samples.count))
                place = box.bytes.count
                box.write(UInt32(0))
                if fields & 0x4 != 0 { box.write(flags[0]) }
                for (index, sample) in samples.enumerated() {
                    if fields & 0x100 != 0 { box.write(sample.duration) }
                    box.write(UInt32(sample.bytes.count))
                    if fields & 0x400 != 0 { box.write(flags[index]) }
                    if fields & 0x800 != 0 { box.write(sample.compositionOffset) }
                }
            }
        }
        return place
    }
}

/// The `uuid` boxes of Bulkhead.
enum PrivateBox {
    /// The type that follows `uuid`, made up once.
    static let identifier: [UInt8] = [
        0x8B, 0x1F, 0x6C, 0x0A, 0x52, 0xD3, 0x4E, 0x7B, 0x9A, 0x41, 0xC6, 0x0E, 0x3D, 0x95, 0xB2, 0x77,
    ]
}
