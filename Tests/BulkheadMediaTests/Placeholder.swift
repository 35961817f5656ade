// BulkheadMediaTests
