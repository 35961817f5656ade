// BulkheadSystemTests
