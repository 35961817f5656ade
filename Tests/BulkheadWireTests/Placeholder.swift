// BulkheadWireTests
