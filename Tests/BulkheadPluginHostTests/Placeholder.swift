// BulkheadPluginHostTests
