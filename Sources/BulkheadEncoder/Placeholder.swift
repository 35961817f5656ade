// BulkheadEncoder
