import CBulkheadLinux

/// The version of Bulkhead and of the schema between its processes.
package enum BulkheadVersion {
    /// Raised with every change of the schema: of a message's number, layout or ranges. Two processes work together only
    /// when it is the same; `SchemaTests` fails where the schema has changed and this has not.
    package static let wire: UInt16 = 18
    /// Of the program that runs. Processes of different builds work together: that is how a new one goes on air.
    package static let build = String(cString: bulkhead_build())
}
