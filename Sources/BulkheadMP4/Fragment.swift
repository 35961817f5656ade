/// A fragment as it lies in a file: from the end of the one before to the end of its `mdat`.
package struct Fragment: Hashable, Sendable {
    /// Where it is, the boxes before its `moof` included.
    package let bytes: Range<UInt64>
    /// The number in its `mfhd`.
    package let sequence: UInt32
    /// What its `prft` says; nil without one.
    package let wallClock: WallClock?
    /// What its `uuid` box carries; empty without one.
    package let info: [UInt8]
    /// Those of each track in decoding order.
    package let samples: [StoredSample]

    /// The same without its samples, which take the most memory of it.
    package var withoutSamples: Fragment {
        Fragment(bytes: bytes, sequence: sequence, wallClock: wallClock, info: info, samples: [])
    }

    /// The most samples that a fragment is written or read with.
    package static let sampleLimit = 65_536
}
