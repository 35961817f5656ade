// BulkheadRTMPTransportTests
