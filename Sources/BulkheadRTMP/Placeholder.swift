// BulkheadRTMP
