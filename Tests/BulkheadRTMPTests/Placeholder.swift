// BulkheadRTMPTests
