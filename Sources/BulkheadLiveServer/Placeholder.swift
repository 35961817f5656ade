// BulkheadLiveServer
