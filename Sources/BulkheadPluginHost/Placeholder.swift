// BulkheadPluginHost
