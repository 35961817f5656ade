package import NIOCore

/// A filter that drops every packet for a socket before TCP sees it: socket(7), SO_ATTACH_FILTER.
enum PacketFilter {
    // Linux's numbers, of asm-generic/socket.h.
    private static let attach = NIOBSDSocket.Option(rawValue: 26)
    private static let detach = NIOBSDSocket.Option(rawValue: 27)

    /// `struct sock_fprog` of linux/filter.h: a count, and the address of as many instructions.
    private struct Program: Sendable {
        let count: UInt16
        let address: UInt
    }

    /// One instruction, "return 0": keep no byte. Code 6 (BPF_RET | BPF_K), two unused jumps, the constant 0. It lives as
    /// long as the process.
    private static let program: Program = {
        let instruction = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
        instruction.storeBytes(of: 0, as: UInt64.self)
        instruction.storeBytes(of: 6, as: UInt16.self)
        return Program(count: 1, address: UInt(bitPattern: instruction))
    }()

    /// To be called on the channel's event loop.
    static func set(_ isOn: Bool, on channel: any Channel) {
        guard let provider = channel as? any SocketOptionProvider else { return }
        if isOn {
            provider.unsafeSetSocketOption(level: .socket, name: attach, value: program).whenComplete { _ in }
        } else {
            provider.unsafeSetSocketOption(level: .socket, name: detach, value: CInt(0)).whenComplete { _ in }
        }
    }
}

/// Closing with RST instead of FIN: socket(7), SO_LINGER with a time of zero.
package enum AbruptClose {
    /// `struct linger` of asm-generic/socket.h.
    private struct Linger: Sendable {
        let isOn: CInt
        let seconds: CInt
    }

    /// Makes the next close of the channel a reset that throws away what waits. To be called on its event loop.
    package static func arm(_ channel: any Channel) {
        guard let provider = channel as? any SocketOptionProvider else { return }
        provider.unsafeSetSocketOption(level: .socket, name: .so_linger, value: Linger(isOn: 1, seconds: 0))
            .whenComplete { _ in }
    }
}
