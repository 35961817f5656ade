/// The register of all messages between the master and its children: the number that each begins with, once.
///
/// A number is never used again for another message. Any change here, or of a message's layout, is a change of the schema:
/// `BulkheadVersion.wire` is raised with it, and a test fails where that is forgotten.
package enum MessageType: UInt16, Hashable, Sendable, CaseIterable {
    /// The first message of either side; its layout never changes.
    case hello = 0x01
    /// Why the master lets a child go that was started by hand.
    case farewell = 0x02

    // EncoderRequest
    case encoderConfigure = 0x10
    case encoderPool = 0x11
    case encoderDropPool = 0x12
    case encoderEncode = 0x13
    case encoderEncodeAudio = 0x14
    case encoderReconfigure = 0x15
    case encoderFlush = 0x16
    case encoderProbe = 0x17
    case encoderConfigureSound = 0xF1

    // EncoderReply
    case encoderReady = 0x20
    case encoderAccessUnit = 0x21
    case encoderAudioPacket = 0x22
    case encoderFlushed = 0x23
    case encoderRefused = 0x24
    case encoderAlive = 0x25

    // SourceRequest
    case sourceOpen = 0x30
    case sourcePool = 0x31
    case sourceLend = 0x32
    case sourceAudioCredit = 0x33
    case sourceUse = 0x34
    case sourcePlay = 0x35
    case sourceSkip = 0x36
    case sourceCopy = 0x37
    case sourceMakeThumbnail = 0x38

    // SourceReply
    case sourceOpened = 0x40
    case sourceVideo = 0x41
    case sourceAudio = 0x42
    case sourceWaiting = 0x43
    case sourceNotice = 0x44
    case sourceEnded = 0x45
    case sourceFailed = 0x46
    case sourceEntered = 0x47
    case sourcePreparing = 0x48
    case sourceLeftOut = 0x49
    case sourceSkipping = 0x4A
    case sourcePrepared = 0x4B
    case sourceCopies = 0x4C
    case sourceCopied = 0x4D
    case sourceCounted = 0x4E
    case sourceThumbnail = 0x4F

    // PluginRequest
    case pluginResultPool = 0x50
    case pluginPool = 0x51
    case pluginDropPool = 0x52
    case pluginLoad = 0x53
    case pluginUnload = 0x54
    case pluginProcess = 0x55
    case pluginBreadcrumb = 0x56
    case pluginConfine = 0x57
    case pluginSetParameter = 0x58
    case pluginEnable = 0x59
    case pluginMove = 0x5A
    case pluginProcessAudio = 0x5B
    case pluginEvent = 0x5C

    // PluginReply
    case pluginReady = 0x60
    case pluginLoaded = 0x61
    case pluginRefused = 0x62
    case pluginUnloaded = 0x63
    case pluginProcessed = 0x64
    case pluginParameterSet = 0x65
    case pluginProcessedAudio = 0x66
    case pluginLog = 0x67

    // DecoderRequest
    case decoderConfigureVideo = 0x70
    case decoderConfigureAudio = 0x71
    case decoderPicture = 0x72
    case decoderSound = 0x73
    case decoderFlush = 0x74
    case decoderLook = 0x75

    // DecoderReply
    case decoderDecoded = 0x80
    case decoderUndecodable = 0x81
    case decoderBeep = 0x82
    case decoderRefused = 0x83
    case decoderFlushed = 0x84

    // EnumeratorReply
    case enumeratorCalling = 0x90
    case enumeratorPlugin = 0x91
    case enumeratorRefused = 0x92
    case enumeratorFinished = 0x93

    // PluginCheckRequest
    case checkRequest = 0xA0

    // PluginCheckReply
    case checkCalling = 0xA8
    case checkFound = 0xA9
    case checkMeasured = 0xAA
    case checkRefused = 0xAB
    case checkFinished = 0xAC

    // MixerRequest
    case mixerConfigure = 0xB0
    case mixerPool = 0xB1
    case mixerDropPool = 0xB2
    case mixerCompose = 0xB3

    // MixerReply
    case mixerReady = 0xB8
    case mixerComposed = 0xB9

    // NotifierRequest
    case notifierConfigure = 0xD0
    case notifierNotice = 0xD1
    case notifierForget = 0xD2
    case notifierFinish = 0xD3

    // NotifierReply
    case notifierReady = 0xD8
    case notifierSettled = 0xD9
    case notifierTrouble = 0xDA
    case notifierAlive = 0xDB

    // ChatRequest
    case chatConfigure = 0xE0

    // ChatReply
    case chatReady = 0xE8
    case chatComment = 0xE9
    case chatTakenBack = 0xEA
    case chatGap = 0xEB
    case chatState = 0xEC
    case chatToken = 0xED
    case chatAlive = 0xEE

    // RecorderRequest
    case recorderOpen = 0xC0
    case recorderDevice = 0xC1
    case recorderConfigure = 0xC2
    case recorderPicture = 0xC3
    case recorderSound = 0xC4
    case recorderLoss = 0xC5
    case recorderMeasure = 0xC6
    case recorderFinish = 0xC7
    case recorderNote = 0xF0
    case recorderTrack = 0xF2
    case recorderComment = 0x11B
    case recorderRoom = 0x11C

    // RecorderReply
    case recorderReady = 0xC8
    case recorderOpened = 0xC9
    case recorderSaved = 0xCA
    case recorderMeasured = 0xCB
    case recorderTrouble = 0xCC
    case recorderCleared = 0xCD
    case recorderClosed = 0xCE
    case recorderFinished = 0xCF
    case recorderRemoved = 0xF8

    // OriginRequest
    case originOpen = 0x120
    case originConfigure = 0x121
    case originPicture = 0x122
    case originSound = 0x123
    case originFinish = 0x124
    case originRoom = 0x129
    case originComment = 0x12A
    case originTakeBack = 0x12B
    case originCertificate = 0x12C

    // OriginReply
    case originReady = 0x126
    case originTrouble = 0x127
    case originAlive = 0x128
    case originSaid = 0x12D
    case originCertified = 0x12E

    // SRTRequest
    case srtOpen = 0xF4
    case srtConfigure = 0xF5
    case srtPicture = 0xF6
    case srtSound = 0xF7
    case srtFinish = 0xF9

    // SRTReply
    case srtWaiting = 0xFA
    case srtConnected = 0xFB
    case srtFailed = 0xFC
    case srtReport = 0xFD
}

extension WireFrame {
    /// The message that this is; nil for a number that no message of this version has.
    package var knownType: MessageType? { MessageType(rawValue: type) }
}
