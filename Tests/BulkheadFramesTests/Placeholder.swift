// BulkheadFramesTests
