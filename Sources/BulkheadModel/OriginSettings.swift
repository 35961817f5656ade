/// What a live server is to be like: how the command hands it to the program of the server.
package struct OriginSettings: Codable, Hashable, Sendable {
    /// The address to listen on.
    package var host = "127.0.0.1"
    /// The port; 0 for any that is free.
    package var port = 1935
    /// The stream keys that may be published; nil for any.
    package var streamKeys: [String]?
    /// The most connections at a time.
    package var connectionLimit = 64
    /// The same from one address; nil for half of all.
    package var addressConnectionLimit: Int?
    /// How long a publisher may send nothing, in seconds.
    package var publisherTimeout = 10.0
    /// Where publishers are sent that are asked to go on elsewhere; nil for here.
    package var moveTo: String?
    /// How publishers are acknowledged, for drills.
    package var acknowledgements: String?
    /// The path of the certificate, in PEM form; with ``key``, or nil.
    package var certificate: String?
    /// The path of the certificate's private key, in PEM form.
    package var key: String?
    /// What happens is told as JSON.
    package var isJSON = false

    /// The defaults.
    package init() {}
}
