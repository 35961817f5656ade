/// What a viewer measured, for suites that judge it or print it.
package enum StreamReportSample {
    /// A stream with a gap of 130 ms, three lost frames, and sound up to 45 ms early.
    package static let json = """
        {"seconds": 10,
         "video": {"codec": "H.264", "width": 640, "height": 360, "accessUnits": 297, "framesPerSecond": 29.7,
          "bitsPerSecond": 800000, "keyframes": 5, "shortestKeyframeIntervalSeconds": 2,
          "longestKeyframeIntervalSeconds": 2, "configurationChanges": 0},
         "arrival": {"longestGap": {"milliseconds": 130.4, "endSeconds": 5.25, "unit": 155, "frame": 158},
          "medianGapMilliseconds": 33, "usualGapMilliseconds": 40},
         "videoTimestamps": {"backwards": 0, "repeated": 0, "jumps": 1, "longestJumpMilliseconds": 133},
         "audioTimestamps": {"backwards": 0, "repeated": 0, "jumps": 0, "longestJumpMilliseconds": 0},
         "numbers": {"numbered": 297, "unnumbered": 0, "unread": 0, "first": 0, "last": 299, "lost": 3,
          "unmeasured": 0, "lostRanges": ["155-157"], "repeated": 0, "disordered": 0, "restarts": 0, "replayed": 0},
         "sync": {"typicalOffsetMilliseconds": 0, "worstOffsetMilliseconds": -45, "beeps": 9},
         "reconnects": 0, "decoderRestarts": 0}
        """
}
