//! The device's clock. It may be wrong: whatever decides something asks the server.

/// Milliseconds since the Unix epoch by the device's clock.
pub(crate) fn now_millis() -> i64 {
    #[cfg(target_arch = "wasm32")]
    {
        #[expect(clippy::cast_possible_truncation, reason = "the browser counts whole milliseconds far below 2^53")]
        let millis = js_sys::Date::now() as i64;
        millis
    }
    #[cfg(not(target_arch = "wasm32"))]
    jiff::Timestamp::now().as_millisecond()
}
