package import BulkheadModel

extension BroadcastError {
    /// A child can't be started.
    ///
    /// - Parameters:
    ///   - child: what it is called, such as `the source`.
    ///   - error: a ``ChildLaunchError``, or what the system said when its pool was made.
    package init(starting child: String, _ error: any Error) {
        let problem = "\(child) can't be started: \(error)"
        if let error = error as? ChildLaunchError, case .system = error {
            self.init(.installation, problem, advice: "see what this machine lacks: ulimit -a, free -m")
        } else {
            self.init(code: .noProgram, problem, advice: "reinstall Bulkhead")
        }
    }
}
