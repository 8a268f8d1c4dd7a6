//! Receipts as files: what is on them can be read back.
