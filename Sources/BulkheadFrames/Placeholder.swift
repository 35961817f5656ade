// BulkheadFrames
