import Glibc

/// Looks names of machines up, for a better word than "input/output error".
enum HostName {
    static func isResolvable(_ name: String) -> Bool {
        var list: UnsafeMutablePointer<addrinfo>?
        defer { if let list { freeaddrinfo(list) } }
        return getaddrinfo(name, nil, nil, &list) == 0
    }
}
