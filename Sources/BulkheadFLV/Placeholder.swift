// BulkheadFLV
