/// Which links' congestion the encoder that they share gives way to.
package enum CongestionRule: String, Codable, Hashable, Sendable, CaseIterable {
    /// The slowest link sets the pace for all.
    case slowest
    /// The first link alone does; others shed.
    case main
    /// The bitrate stays as it is; slow links shed.
    case none
}
