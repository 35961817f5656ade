package import BulkheadMP4

extension MovieHeader {
    /// Which segment of which recording the file is; nil for one that no ``SegmentWriter`` has written.
    package var segmentStart: SegmentStart? {
        for located in IndexReading(info, isPart: true).entries {
            if case .start(let start) = located.entry { return start }
        }
        return nil
    }
}
