// BulkheadSource
