// BulkheadMasterTests
