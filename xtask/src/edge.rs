//! provisional
use crate::arguments::Arguments;
use crate::failure::{Failure, Result};
use crate::places::Places;
use std::process::ExitCode;
pub fn build(_: &Places) -> Result<()> {
    Ok(())
}
pub fn run(_: &Places, _: &Arguments) -> Result<ExitCode> {
    Err(Failure::new("edge is not there yet"))
}
