//! Ids that sort by the time they were made: UUIDv7 from a time and randomness that are handed in.

use billing_domain::Timestamp;
use billing_domain::id::Id;

/// A UUIDv7 for a new row; see [`uuid_v7`].
pub fn new_id<I: Id>(now: Timestamp, random: &[u8; 10]) -> I {
    // Version 7 begins with the time: rows made together lie together in the index.
    I::from_trusted(uuid_v7(now, random))
}

/// A UUIDv7 as text. `random` must come from a cryptographic source; times before 1970 count as 1970.
pub fn uuid_v7(now: Timestamp, random: &[u8; 10]) -> String {
    let millis = u64::try_from(now.micros().div_euclid(1000)).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid().to_string()
}
