//! One small way to speak to two databases, so that SQL is written once.
