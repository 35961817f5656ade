package import BulkheadMedia

/// One GOP of the slate and a silent AAC frame, encoded while there was an encoder, to go on air when there is none.
package struct SlateLoop: Sendable {
    /// In decoding and display order alike, the first an IDR.
    private let units: [AccessUnit]
    /// One AAC frame of silence.
    package let silence: [UInt8]
    /// What players need for it.
    package let configuration: StreamConfiguration

    /// - Parameter units: access units without reordering, the first an IDR; nil is returned for others, and for none.
    package init?(units: [AccessUnit], silence: [UInt8], configuration: StreamConfiguration) {
        guard let first = units.first, first.isIDR, !silence.isEmpty,
            zip(units, units.dropFirst()).allSatisfy({ $0.frame < $1.frame })
        else { return nil }
        self.units = units
        self.silence = silence
        self.configuration = configuration
    }

    /// The access unit that stands for `frame`, `index` frames after the loop went on air.
    package func unit(at index: Int, for frame: FrameNumber) -> AccessUnit {
        let unit = units[index % units.count]
        return AccessUnit(frame: frame, isIDR: unit.isIDR, isDisposable: false, bytes: unit.bytes)
    }
}
