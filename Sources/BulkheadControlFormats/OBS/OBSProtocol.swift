/// The numbers of obs-websocket 5.
///
/// - SeeAlso: github.com/obsproject/obs-websocket, docs/generated/protocol.md.
package enum OBSProtocol {
    package static let rpcVersion: Int64 = 1
    /// Clients compare it: an OBS that has all that is offered here.
    package static let obsVersion = "30.2.3"
    package static let webSocketVersion = "5.5.2"

    package enum Operation: Int64, Sendable {
        case hello = 0
        case identify = 1
        case identified = 2
        case reidentify = 3
        case event = 5
        case request = 6
        case requestResponse = 7
        case requestBatch = 8
        case requestBatchResponse = 9
    }

    /// Why a connection is closed.
    package enum CloseCode: UInt16, Sendable {
        case messageDecodeError = 4002
        case missingDataField = 4003
        case invalidDataFieldType = 4004
        case invalidDataFieldValue = 4005
        case unknownOpCode = 4006
        case notIdentified = 4007
        case alreadyIdentified = 4008
        case authenticationFailed = 4009
        case unsupportedRPCVersion = 4010
        case sessionInvalidated = 4011
        case unsupportedFeature = 4012
    }

    /// What became of a request.
    package enum Status: Int64, Sendable {
        case success = 100
        case missingRequestType = 203
        case unknownRequestType = 204
        case genericError = 205
        case unsupportedRequestBatchExecutionType = 206
        case notReady = 207
        case missingRequestField = 300
        case missingRequestData = 301
        case invalidRequestField = 400
        case invalidRequestFieldType = 401
        case requestFieldOutOfRange = 402
        case requestFieldEmpty = 403
        case tooManyRequestFields = 404
        case outputRunning = 500
        case outputNotRunning = 501
        case studioModeNotActive = 506
        case resourceNotFound = 600
        case invalidResourceState = 604
        case requestProcessingFailed = 702
    }

    /// Which events a client wants.
    package struct Subscriptions: OptionSet, Hashable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let general = Self(rawValue: 1)
        package static let scenes = Self(rawValue: 4)
        package static let inputs = Self(rawValue: 8)
        package static let transitions = Self(rawValue: 16)
        package static let outputs = Self(rawValue: 64)
        package static let sceneItems = Self(rawValue: 128)
        package static let vendors = Self(rawValue: 512)
        package static let ui = Self(rawValue: 1024)
        /// All but those that come often; what a client has that says nothing.
        package static let all = Self(rawValue: 4095)
        /// How loud inputs are, several times a second.
        package static let volumeMeters = Self(rawValue: 65_536)
        package static let activeStates = Self(rawValue: 131_072)
    }
}

/// An event as clients are told of it.
package struct OBSEvent: Hashable, Sendable {
    package let type: String
    /// Clients without this subscription do not get it.
    package let intent: OBSProtocol.Subscriptions
    package let data: JSONValue

    package init(_ type: String, _ intent: OBSProtocol.Subscriptions, _ data: JSONValue = [:]) {
        self.type = type
        self.intent = intent
        self.data = data
    }

    /// The whole message.
    package var message: JSONValue {
        OBSMessage.message(
            .event, ["eventType": .string(type), "eventIntent": .integer(Int64(intent.rawValue)), "eventData": data])
    }
}

package enum OBSMessage {
    package static func message(_ operation: OBSProtocol.Operation, _ data: JSONValue) -> JSONValue {
        ["op": .integer(operation.rawValue), "d": data]
    }
}
