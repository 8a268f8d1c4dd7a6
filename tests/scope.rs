//! Says what plain `cargo test` leaves out: in this folder it runs the tests of the page's package and no others.

use std::env;

#[expect(clippy::print_stdout, reason = "a note for whoever looks at the output of the tests")]
fn main() {
    // A runner that lists tests finds none here; and who names a PostgreSQL server is past this note.
    let is_listing = env::args().any(|argument| argument == "--list");
    if is_listing || env::var_os("NEXIS_BILLING_TEST_POSTGRES").is_some() {
        return;
    }
    println!(
        "\nnote: plain `cargo test` runs the page's tests only. `cargo test --workspace` runs those of every crate and\n\
         needs a PostgreSQL server in NEXIS_BILLING_TEST_POSTGRES; `cargo xtask test` starts one and proves everything."
    );
}
