import BulkheadLinks
import BulkheadMedia
import BulkheadOutputs
import BulkheadSystem
import BulkheadTimeline

/// The way from the encoding to the outputs, where what goes out is counted.
final class CommittedPackets: PacketOutlet {
    var rate = RateMeter()
    /// Called behind each picture.
    var onPicture: (() -> Void)?
    private let outputs: Outputs

    init(_ outputs: Outputs) { self.outputs = outputs }

    func configure(_ configuration: StreamConfiguration, number: Int) {
        outputs.configure(configuration, number: number)
    }

    func take(_ packet: Packet) {
        if packet.isVideo { rate.add(packet.bytes.count, at: .now) }
        outputs.take(packet)
        if packet.isVideo { onPicture?() }
    }

    var hasRoom: Bool { outputs.hasRoom }
}
