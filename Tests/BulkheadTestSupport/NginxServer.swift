import Foundation

/// nginx with its RTMP module in a temporary folder, on a port of its own.
package final class NginxServer: Sendable {
    package let port: Int
    private let folder: TemporaryFolder
    private let process: RunningProcess

    private static let modulePath = "/usr/lib/nginx/modules/ngx_rtmp_module.so"

    /// The machine has nginx and its RTMP module.
    package static var isInstalled: Bool { FileManager.default.fileExists(atPath: modulePath) }

    /// Starts with an application "live"; returns when it accepts connections.
    /// - Parameters:
    ///   - application: more directives for the application.
    ///   - port: nil for a free one.
    package init(application: String = "", port: Int? = nil) async throws {
        folder = try TemporaryFolder()
        self.port = try port ?? FreePort.take()
        let configuration = """
            load_module \(Self.modulePath);
            daemon off; master_process off; pid \(folder.path("pid")); error_log \(folder.path("error.log")) info;
            events { worker_connections 64; }
            rtmp { server { listen 127.0.0.1:\(self.port); chunk_size 4096;
                application live { live on; record off; \(application) }
            } }
            """
        try configuration.write(toFile: folder.path("nginx.conf"), atomically: true, encoding: .utf8)
        process = try RunningProcess("/usr/sbin/nginx", ["-p", folder.url.path, "-c", folder.path("nginx.conf")])
        let (process, number) = (process, self.port)
        guard await eventually({ !process.isRunning || Self.accepts(number) }), process.isRunning else {
            throw StartError.notStarted(process.errorText)
        }
    }

    package var log: String { (try? String(contentsOfFile: folder.path("error.log"), encoding: .utf8)) ?? "" }

    package func end(signal: Int32 = SIGTERM) async { await process.end(signal: signal) }

    package enum StartError: Error { case notStarted(String) }

    private static func accepts(_ port: Int) -> Bool {
        withSocket { socket in
            var address = loopback(port: UInt16(port))
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
        }
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func withSocket<Result>(_ body: (Int32) throws -> Result) rethrows -> Result {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        return try body(descriptor)
    }
}
