/// A control room that runs as long as its broadcast.
package struct ControlRoomSettings: Codable, Hashable, Sendable {
    /// Where it listens (``ListenAddress``).
    package var address: String
    /// The absolute path of the file with its password. Nil for one that it makes; where clients show certificates, for none.
    package var passwordPath: String?
    /// The absolute path of the file with the password of those who may only look; nil for none.
    package var lookPasswordPath: String?
    /// Its port takes TLS alone; nil for none of it.
    package var certificate: CertificateFiles?
    /// The absolute path of the authority's certificate: who shows one of its certificates comes in without a password. Nil for no one.
    package var clientAuthorityPath: String?
    /// Those who steer may kill and freeze children of the broadcast; nil for not.
    package var allowsDrills: Bool?

    package init(_ address: String) { self.address = address }

    /// Whether nobody else can come in who was not given a password or a certificate: what another process sends is checked.
    package var isInRange: Bool {
        guard let listen = ListenAddress(address, anyHost: ListenAddress.everywhere) else { return false }
        let paths = [passwordPath, lookPasswordPath, clientAuthorityPath].compactMap { $0 }
        return (listen.isLoopback || passwordPath != nil || clientAuthorityPath != nil)
            && (clientAuthorityPath == nil || certificate != nil) && certificate?.isInRange ?? true
            && paths.allSatisfy { $0.hasPrefix("/") && $0.utf8.count <= 4096 && !$0.utf8.contains(0) }
    }
}
