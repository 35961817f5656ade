// BulkheadPluginKit
