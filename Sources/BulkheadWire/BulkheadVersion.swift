/// The version of Bulkhead and of the schema between its processes.
package enum BulkheadVersion {
    /// Raised with every change of the schema; two processes work together only when it is the same.
    package static let wire: UInt16 = 1
    package static let build = "0.1.0"
}
