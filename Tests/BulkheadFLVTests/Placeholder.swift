// BulkheadFLVTests
