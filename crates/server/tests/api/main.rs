//! The API as a client would use it.
