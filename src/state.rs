//! The wallet as the page knows it: what came with the document, then the stream, then the answers of changes.
