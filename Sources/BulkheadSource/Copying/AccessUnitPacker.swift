import BulkheadMedia

/// Makes access units with 4-byte lengths of H.264 as it stands in an input, and takes parameter sets and access unit
/// delimiters out of them (ISO/IEC 14496-15, 5.3; ITU-T H.264, annex B). All other NAL units stay byte for byte.
package struct AccessUnitPacker: Hashable, Sendable {
    /// How NAL units are told apart in the input.
    package enum Framing: Hashable, Sendable {
        case startCodes
        /// Each stands behind its length, of so many bytes.
        case lengths(Int)
    }

    /// An access unit, ready to go out.
    package struct Unit: Hashable, Sendable {
        package let bytes: [UInt8]
        /// A decoder can start here: an IDR picture, and not merely one that a decoder recovers with.
        package let isIDR: Bool
        /// No other picture refers to it.
        package let isDisposable: Bool
    }

    /// What stands in the place of an access unit.
    package enum Fault: Error, Hashable {
        /// Lengths that don't fill the packet, slices of several kinds, no NAL unit at all.
        case damaged
        /// NAL units without a picture: nothing is missed without them.
        case noPicture
    }

    /// How the input frames its NAL units.
    package private(set) var framing: Framing
    /// The record of the parameter sets that hold; nil before there are some.
    package private(set) var record: [UInt8]?
    private var sequenceSets: [[UInt8]] = []
    private var pictureSets: [[UInt8]] = []

    /// - Parameter header: what the container says of the codec: an AVCDecoderConfigurationRecord, parameter sets behind
    ///   start codes, or nothing.
    package init(header: [UInt8]) {
        framing = .startCodes
        _ = take(header: header)
    }

    /// Takes another header from the container.
    /// - Returns: false for one that can't be read: all stays as it is.
    package mutating func take(header: [UInt8]) -> Bool {
        if let configuration = AVCDecoderConfiguration(record: header) {
            let size = Int(header[4] & 3) + 1
            guard size != 3 else { return false }
            framing = .lengths(size)
            (sequenceSets, pictureSets) = (configuration.sequenceParameterSets, configuration.pictureParameterSets)
            // As it stands, where its lengths are those that go out.
            record = size == 4 ? header : configuration.bytes
            return true
        }
        var (sequences, pictures): ([[UInt8]], [[UInt8]]) = ([], [])
        header.withUnsafeBufferPointer { bytes in
            for range in Self.unitsBehindStartCodes(bytes) {
                switch bytes[range.lowerBound] & 0x1F {
                case 7: sequences.append(Array(bytes[range]))
                case 8: pictures.append(Array(bytes[range]))
                default: break
                }
            }
        }
        guard
            let configuration = AVCDecoderConfiguration(
                sequenceParameterSets: sequences, pictureParameterSets: pictures)
        else { return false }
        framing = .startCodes
        (sequenceSets, pictureSets) = (sequences, pictures)
        record = configuration.bytes
        return true
    }

    /// Packs one packet of the input. An IDR picture that comes with other parameter sets than hold changes ``record``.
    package mutating func pack(_ bytes: UnsafeBufferPointer<UInt8>) throws(Fault) -> Unit {
        let ranges = try units(bytes)
        var (hasSlice, hasIDRSlice, isDisposable) = (false, false, true)
        var (leavesOut, byteCount) = (false, 0)
        for range in ranges {
            let header = bytes[range.lowerBound]
            guard header & 0x80 == 0 else { throw .damaged }
            switch header & 0x1F {
            case 1: hasSlice = true
            case 5: hasIDRSlice = true
            case 7, 8, 9: leavesOut = true
            // Slices in partitions, which no profile that players have knows.
            case 2, 3, 4: throw .damaged
            default: break
            }
            if [1, 5].contains(header & 0x1F), header & 0x60 != 0 { isDisposable = false }
            byteCount += 4 + range.count
        }
        guard hasSlice || hasIDRSlice else { throw ranges.isEmpty ? .damaged : .noPicture }
        guard hasSlice != hasIDRSlice else { throw .damaged }
        if leavesOut, hasIDRSlice { takeSets(of: ranges, bytes) }
        if !leavesOut, framing == .lengths(4), byteCount == bytes.count {
            return Unit(bytes: Array(bytes), isIDR: hasIDRSlice, isDisposable: isDisposable)
        }
        var packed: [UInt8] = []
        packed.reserveCapacity(byteCount)
        for range in ranges {
            switch bytes[range.lowerBound] & 0x1F {
            case 9: continue
            // What changes in the midst of a GOP stays where it is: it holds from this picture on.
            case 7 where hasIDRSlice || sequenceSets.contains { $0.elementsEqual(bytes[range]) }: continue
            case 8 where hasIDRSlice || pictureSets.contains { $0.elementsEqual(bytes[range]) }: continue
            default: break
            }
            let length = UInt32(range.count)
            packed.append(UInt8(length >> 24))
            packed.append(UInt8(length >> 16 & 0xFF))
            packed.append(UInt8(length >> 8 & 0xFF))
            packed.append(UInt8(length & 0xFF))
            packed.append(contentsOf: bytes[range])
        }
        return Unit(bytes: packed, isIDR: hasIDRSlice, isDisposable: isDisposable)
    }

    // MARK: parameter sets

    private mutating func takeSets(of ranges: [Range<Int>], _ bytes: UnsafeBufferPointer<UInt8>) {
        var sequences = sequenceSets
        var pictures = pictureSets
        for range in ranges {
            let unit = Array(bytes[range])
            switch unit[0] & 0x1F {
            case 7: Self.put(unit, into: &sequences) { Self.number(in: $0, from: 4) }
            case 8: Self.put(unit, into: &pictures) { Self.number(in: $0, from: 1) }
            default: break
            }
        }
        guard sequences != sequenceSets || pictures != pictureSets || record == nil,
            let configuration = AVCDecoderConfiguration(
                sequenceParameterSets: sequences, pictureParameterSets: pictures)
        else { return }
        (sequenceSets, pictureSets) = (sequences, pictures)
        record = configuration.bytes
    }

    /// Puts a set in the place of the one that has the same number.
    private static func put(_ unit: [UInt8], into sets: inout [[UInt8]], _ number: ([UInt8]) -> UInt32?) {
        if let place = sets.firstIndex(where: { number($0) == number(unit) }) {
            sets[place] = unit
        } else {
            sets.append(unit)
        }
    }

    /// The number of a set, which stands behind so many bytes.
    private static func number(in unit: [UInt8], from place: Int) -> UInt32? {
        guard unit.count > place else { return nil }
        var bits = BitReader(Array(unit[place...].prefix(8)))
        return bits.readGolomb()
    }

    // MARK: NAL units

    private func units(_ bytes: UnsafeBufferPointer<UInt8>) throws(Fault) -> [Range<Int>] {
        guard case .lengths(let size) = framing else { return Self.unitsBehindStartCodes(bytes) }
        var ranges: [Range<Int>] = []
        var place = 0
        while place < bytes.count {
            guard bytes.count - place >= size else { throw .damaged }
            var length = 0
            for byte in bytes[place..<place + size] { length = length << 8 | Int(byte) }
            place += size
            guard length <= bytes.count - place else { throw .damaged }
            if length > 0 { ranges.append(place..<place + length) }
            place += length
        }
        return ranges
    }

    private static func unitsBehindStartCodes(_ bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start: Int?
        var place = 0
        func close(at end: Int) {
            guard let start else { return }
            var end = end
            while end > start, bytes[end - 1] == 0 { end -= 1 }
            if end > start { ranges.append(start..<end) }
        }
        while place + 2 < bytes.count {
            // A start code ends with 1: a byte above that is in none of the three places.
            if bytes[place + 2] > 1 {
                place += 3
            } else if bytes[place] == 0, bytes[place + 1] == 0, bytes[place + 2] == 1 {
                close(at: place)
                start = place + 3
                place += 3
            } else {
                place += 1
            }
        }
        close(at: bytes.count)
        return ranges
    }
}
