// BulkheadTestSupport
