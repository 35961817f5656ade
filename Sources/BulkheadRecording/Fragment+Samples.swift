import BulkheadMP4
import BulkheadMedia

extension Fragment {
    /// Where the first sample begins that can't be one.
    /// - Parameters:
    ///   - bytes: all of the fragment.
    ///   - pictures: the number of their track.
    func spoiledSample(_ bytes: [UInt8], pictures: UInt32) -> UInt64? {
        samples.first { sample in
            let start = Int(sample.bytes.lowerBound - self.bytes.lowerBound)
            let own = bytes[start..<start + Int(sample.bytes.upperBound - sample.bytes.lowerBound)]
            guard sample.track == pictures else { return own.allSatisfy { $0 == 0 } }
            let unit = AccessUnit(frame: 0, isIDR: sample.isSync, isDisposable: false, bytes: Array(own))
            // No NAL unit ends in a zero (ITU-T H.264, 7.4.1).
            return !unit.isWellFormed || own.last == 0
        }?.bytes.lowerBound
    }
}
