// BulkheadRTMPTransport
