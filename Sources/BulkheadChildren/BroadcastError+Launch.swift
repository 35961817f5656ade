package import BulkheadModel

extension BroadcastError {
    /// A child can't be started.
    ///
    /// - Parameters:
    ///   - child: what it is called, such as `the source`.
    ///   - error: a ``ChildLaunchError``, or what the system said when its pool was made.
    package init(starting child: String, _ error: any Error) {
        let isSystems = if let error = error as? ChildLaunchError, case .system = error { true } else { false }
        self.init(
            .installation, "\(child) can't be started: \(error)",
            advice: isSystems
                ? "see what this machine lacks: ulimit -a, free -m"
                : "reinstall Bulkhead, or name the folder of its helpers with --libexec")
    }
}
