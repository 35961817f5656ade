// BulkheadMaster
