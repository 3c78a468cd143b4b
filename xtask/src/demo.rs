//! provisional
use crate::arguments::Arguments;
use crate::failure::{Failure, Result};
use crate::places::Places;
use std::process::ExitCode;
pub fn run(_: &Places, _: &Arguments) -> Result<ExitCode> {
    Err(Failure::new("demo is not there yet"))
}
