// BulkheadEncoderTests
