// BulkheadCommandsTests
