//! The error of a chore whose arguments make no sense: the chore names them, and whoever ran it adds how it is called.

use std::{error::Error, fmt};

/// Arguments that a chore does not take, as they were typed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownArguments(String);

impl UnknownArguments {
    pub(crate) fn new(arguments: &[String]) -> Self {
        Self(arguments.join(" "))
    }
}

impl fmt::Display for UnknownArguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not what this chore takes", self.0)
    }
}

impl Error for UnknownArguments {}
