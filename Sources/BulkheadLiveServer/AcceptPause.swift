import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Pauses accepting connections when the system has no descriptor or memory left for another one. NIO's own pause lets the
/// listener be found readable again at once, which takes a whole core.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.seconds(1)
    private static let reminder = TimeAmount.minutes(1)

    private let report: @Sendable (LiveServerEvent) -> Void
    private var toldAt: NIODeadline?
    private var resumption: Scheduled<Void>?

    init(report: @escaping @Sendable (LiveServerEvent) -> Void) { self.report = report }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError else { return context.fireErrorCaught(error) }
        let now = NIODeadline.now()
        if toldAt.map({ now - $0 >= Self.reminder }) ?? true {
            toldAt = now
            report(.acceptingPaused(reason: String(cString: strerror(error.errnoCode))))
        }
        guard resumption == nil else { return }
        let channel = context.channel
        channel.setOption(.autoRead, value: false).assumeIsolated().whenComplete { [weak self] _ in
            self?.resumption = channel.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
                self?.resumption = nil
                channel.setOption(.autoRead, value: true).whenComplete { _ in }
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        resumption?.cancel()
        context.fireChannelInactive()
    }
}
