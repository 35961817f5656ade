package import BulkheadModel

extension BroadcastError.Kind {
    /// The exit code of the command that ends with this failure.
    package var exitCode: Int32 {
        switch self {
        case .usage: 64
        case .input: 66
        case .destination: 69
        case .someDestinations: 68
        case .internal: 70
        case .encoder: 65
        case .plugin: 67
        case .installation: 72
        case .file: 73
        case .control: 75
        }
    }
}
