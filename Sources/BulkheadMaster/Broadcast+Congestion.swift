import BulkheadEvents
import BulkheadLinks
import BulkheadModel
import BulkheadSystem
import BulkheadWire

/// The bitrate follows what the links can carry.
extension Broadcast {
    /// Bits a second of pictures that encoders are told: what the user wants, or less while a link can't carry it.
    var effectiveBitsPerSecond: UInt32 {
        congestion.map { UInt32(clamping: $0.bitsPerSecond) } ?? settings.videoBitsPerSecond
    }

    /// What the user would rather shed pictures than go below: a quarter of the bitrate where nothing was said.
    private var floorBitsPerSecond: UInt32 {
        let standard = max(SettingRange.videoBitsPerSecond.lowerBound, settings.videoBitsPerSecond / 4)
        return min(settings.minimumVideoBitsPerSecond ?? standard, settings.videoBitsPerSecond)
    }

    /// Asks how the links are doing, now and then.
    func watchCongestion() {
        // A broadcast in no hurry waits for its links instead; an encoder of a stranger's is left alone.
        guard state == .onAir, !settings.isFast, settings.children != .plugins else { return }
        let now = MonotonicTime.now
        let since = lastCongestionCheck.map { now.since($0) } ?? .max
        guard since >= CongestionController.interval.nanoseconds else { return }
        lastCongestionCheck = now
        var controller = congestion ?? CongestionController(bitsPerSecond: Int(settings.videoBitsPerSecond))
        let decision = controller.decide(
            links.flatMap { $0.loads(bitsPerSecond: controller.bitsPerSecond + Int(settings.audioBitsPerSecond)) },
            rule: settings.congestion,
            bounds: .init(
                ceiling: Int(settings.videoBitsPerSecond), floor: Int(floorBitsPerSecond),
                sound: Int(settings.audioBitsPerSecond)))
        congestion = controller
        if let bitsPerSecond = decision.bitsPerSecond { tell(bitsPerSecond, because: decision.link) }
        matchBitrate()
        for link in links { link.shed(decision.sheds) }
    }

    private func tell(_ bitsPerSecond: Int, because link: String?) {
        let wanted = Int(settings.videoBitsPerSecond)
        guard let link, let slot = linkSlots.first(where: { link == $0.name || link.hasPrefix("\($0.name), lane ") })
        else { return post(.encoder, .encoder(.bitrateRaised(bitsPerSecond: bitsPerSecond, wanted: wanted))) }
        post(slot.part, .link(.congested(bitsPerSecond: bitsPerSecond, wanted: wanted)))
    }

    /// Brings every encoder, whatever has become of it meanwhile, to the bitrate that holds now.
    func matchBitrate() {
        let bitsPerSecond = effectiveBitsPerSecond
        for stub in encoders
        where stub.ready != nil && slateMaker?.encoder !== stub && change?.encoder !== stub
            && stub.settings.video.bitsPerSecond != bitsPerSecond
        {
            stub.reconfigure(bitsPerSecond: bitsPerSecond)
        }
        for run in runs { run.settings.video.bitsPerSecond = bitsPerSecond }
    }
}
