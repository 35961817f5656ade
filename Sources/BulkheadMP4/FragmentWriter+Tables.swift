extension FragmentWriter {
    /// A track whose tables in a finished file say other things of its samples than the fragments do.
    package struct DifferingTable: Hashable, Sendable {
        /// The track's number.
        package let track: UInt32
        /// Where its `stbl` is in the file; the `moov` itself where it has none.
        package let offset: UInt64
    }

    /// The tracks whose tables differ in a finished file from those that follow from all fragments given or taken so far.
    /// - Parameters:
    ///   - bytes: the `moov` of the finished file, whole.
    ///   - offset: where it is in the file.
    package func differingTables(in bytes: [UInt8], at offset: UInt64) -> [DifferingTable] {
        let expected = (try? Self.tables(in: finish().steps[0].bytes[...], at: 0)) ?? [:]
        let found = (try? Self.tables(in: bytes[...], at: offset)) ?? [:]
        return tracks.compactMap { track in
            let table = found[track.id]
            guard let table, table.body.elementsEqual(expected[track.id]?.body ?? []) else {
                return DifferingTable(track: track.id, offset: table?.offset ?? offset)
            }
            return nil
        }
    }

    /// The `stbl` of each track in a `moov`, which may have the name of a `free` still.
    private static func tables(in bytes: ArraySlice<UInt8>, at offset: UInt64) throws(MP4Error) -> [UInt32: Box] {
        var tables: [UInt32: Box] = [:]
        guard let movie = try Box.all(in: bytes, offset: offset).first else { return tables }
        for track in try movie.boxes() where track.type == "trak" {
            let boxes = try track.boxes()
            guard let header = boxes["tkhd"], let media = boxes["mdia"] else { continue }
            var (version, fields) = (UInt8(0), header.fields)
            (version, _, fields) = try header.fullFields()
            guard fields.skip(version >= 1 ? 16 : 8), let id: UInt32 = fields.read() else { continue }
            tables[id] = try media.boxes()["minf"]?.boxes()["stbl"]
        }
        return tables
    }
}
