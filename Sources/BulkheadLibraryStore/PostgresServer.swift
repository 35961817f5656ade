package import BulkheadLibraryProtocol

/// What a PostgreSQL server says of itself.
package enum PostgresServer {
    /// The oldest that is used, as `server_version_num` counts: 15.
    package static let oldest: Int64 = 150_000

    /// `server_version_num`: 150018 for 15.18. May wait.
    /// - Parameter place: libpq's words.
    package static func version(at place: String) throws(StoreError) -> Int64 {
        let connection = try PostgresConnection(place, for: .reading)
        do {
            guard case .text(let text)? = try connection.run("SHOW server_version_num").first?.first,
                let number = Int64(text)
            else { throw StoreError.senseless("the server has no version") }
            return number
        } catch {
            throw error as? StoreError ?? .failed("\((error as? PostgresConnection.Refusal)?.text ?? "\(error)")")
        }
    }
}
