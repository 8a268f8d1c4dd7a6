//! How long to wait before a lost stream is tried again.

/// Milliseconds until the next try after so many failures: up to half a second, doubled each time, half a minute at
/// most; at least half of it, the rest by chance, so that a restarted server is not met by everybody at once.
pub(super) fn retry_delay(failures: u32, below: impl FnOnce(u32) -> u32) -> i32 {
    let most = 500_u32 << failures.min(6);
    let most = most.min(30_000);
    i32::try_from(most / 2 + below(most / 2 + 1)).unwrap_or(30_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_spread_out_and_end_at_half_a_minute() {
        assert_eq!(retry_delay(0, |_| 0), 250);
        assert_eq!(retry_delay(0, |bound| bound - 1), 500);
        assert_eq!(retry_delay(3, |bound| bound - 1), 4_000);
        assert_eq!(retry_delay(u32::MAX, |bound| bound - 1), 30_000);
    }
}
