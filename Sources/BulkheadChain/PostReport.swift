import BulkheadChildren
import BulkheadEvents
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import BulkheadWire

/// Says what happens at one post of the chain, to the event log and the death records.
struct PostReport {
    let post: PostID
    /// What hosts are called here: `plugin host`, or with the plugin's name.
    let name: String
    let context: RoomContext

    private func part(_ child: ChildID?, _ duty: Duty = .onAir) -> Part {
        .pluginHost(child ?? 0, duty, name: name)
    }

    // MARK: the course of hosts

    func started(_ child: ChildID, _ duty: Duty, pid: Int32) {
        context.post(part(child, duty), .child(.started(pid: pid, isForeign: false)))
    }

    /// A host has loaded these plugins: told once.
    func ready(_ child: ChildID, _ duty: Duty, _ stub: PluginStub, plugins: [String]) {
        guard !stub.isReadyTold else { return }
        stub.isReadyTold = true
        context.post(part(child, duty), .child(.ready(pid: stub.child.pid, plugins: plugins)))
    }

    /// The post has a standby again.
    func hasStandby(_ child: ChildID) { context.recovered(part(child, .standby), at: post) }

    func tookOver(_ child: ChildID, pid: Int32, was duty: Duty, frame: Int64?) {
        context.post(part(child), .child(.tookOver(pid: pid, was: duty, frame: frame)))
    }

    /// The first work of a host on air has arrived.
    func recovered(_ child: ChildID?) { context.recovered(part(child), at: post) }

    /// A host has ended.
    ///
    /// - Parameters:
    ///   - plugin: the name of the plugin that it ended in.
    ///   - showsCall: what the plugin was called for is known to be what ended it.
    func died(
        _ child: ChildID, _ duty: Duty, _ stub: PluginStub, _ end: ChildEnd, in plugin: String?, showsCall: Bool
    ) {
        var death = RoomContext.Death(pid: stub.child.pid, lastSign: stub.lastSign)
        death.plugin = plugin
        death.call = showsCall ? stub.breadcrumb.flatMap { PluginCall($0.call) } : nil
        context.died(part(child, duty), at: post, end, death)
    }

    /// A plugin has ended its host's process while it was taken out.
    func endedItsHost(_ plugin: PluginID, name: String) {
        context.post(.plugin(plugin, name: name), .plugin(.endedItsHost))
    }

    func notReplaced(_ onAir: ChildID?, pid: Int32, because cause: String) {
        context.post(part(onAir), .child(.notReplaced(pid: pid, cause: cause)))
    }

    func unexplained(_ onAir: ChildID) { context.post(part(onAir), .pluginHost(.unexplained)) }

    func late(_ onAir: ChildID?, plugins: [String]) {
        context.post(part(onAir), .pluginHost(.late(plugins: plugins)))
    }

    // MARK: plugins

    func refusedByStandby(_ child: ChildID?, _ plugin: String, _ refusal: Refusal) {
        context.post(part(child, .standby), .child(.refused(reason: Reason(refusal), plugin: plugin)))
    }

    func refused(_ plugin: PluginID, name: String, _ refusal: Refusal) {
        context.post(.plugin(plugin, name: name), .plugin(.refused(reason: Reason(refusal))))
    }

    /// A plugin that has ended its host is left out.
    func leftOut(_ plugin: ChainPlugin, because cause: String, at now: MonotonicTime) {
        let seconds = plugin.quarantine.secondsLeft(at: now).map { Int($0.rounded(.up)) }
        context.post(
            .plugin(plugin.id, name: plugin.name),
            .plugin(
                seconds.map { .quarantined(cause: cause, deaths: plugin.deaths, seconds: $0) }
                    ?? .switchedOff(cause: cause, deaths: plugin.deaths)))
    }

    /// A line from a plugin, or with nil from the host itself.
    func said(_ child: ChildID, _ duty: Duty?, _ plugin: ChainPlugin?, _ level: PluginLogLevel, _ line: String) {
        guard level >= .notice else { return }
        let severity: Happening.Level = level >= .warning ? .warning : .notice
        if let plugin {
            context.post(
                .plugin(plugin.id, name: plugin.name), .plugin(.said(text: line, severity: severity)))
        } else {
            context.post(part(child, duty ?? .onAir), .child(.said(text: line, severity: severity)))
        }
    }
}

extension Reason {
    init(_ refusal: Refusal) { self.init("\(refusal.code)", refusal.description) }
}

extension PluginCall {
    /// Nil for a host between two calls.
    init?(_ call: PluginBreadcrumb.Call) {
        switch call {
        case .none: return nil
        case .open: self = .open
        case .create: self = .create
        case .destroy: self = .destroy
        case .setParameter: self = .setParameter
        case .video: self = .video
        case .audio: self = .audio
        case .event: self = .event
        }
    }
}
