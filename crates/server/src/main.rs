//! The program: a library's, so that its tests can be built with test seams and the program itself without.

use std::process::ExitCode;

fn main() -> ExitCode {
    nexis_billing::main()
}
