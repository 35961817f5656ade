// BulkheadLiveServerTests
