// BulkheadCommands
