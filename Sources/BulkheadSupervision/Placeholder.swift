// BulkheadSupervision
