"""Clean texts and the faults that are planted in them, with a ledger of what was planted where."""
