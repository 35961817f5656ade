// BulkheadSupervisionTests
