// BulkheadSourceTests
