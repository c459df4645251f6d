//! `perftop doctor --rebuild`: everything that is derived from the samples, made anew.

use std::time::Instant;

use super::super::context::Context;
use super::super::exit::Exit;
use super::super::output;
use super::super::progress::Progress;
use crate::model::text::counted;
use crate::report::{Check, Checks, Format};
use crate::store::Store;

/// Makes it anew, while others read and write.
pub fn run(context: &Context, format: Format) -> anyhow::Result<Exit> {
    let path = &context.config.store.path;
    drop(Store::open_read(path)?);
    let started = Instant::now();
    let progress = Progress::new(context.quiet, "rows");
    let rebuilt = Store::open(path)?.rebuild(&mut |done, total| progress.show(done, total));
    progress.end();
    let rebuilt = rebuilt?;
    let resumed = if rebuilt.was_resumed { ", where it was interrupted the last time" } else { "" };
    let seconds = started.elapsed().as_secs_f64();
    let found = format!("rolled up {} anew in {seconds:.1} s{resumed}", counted(rebuilt.samples, "sample"));
    output::print(context, &Checks { checks: vec![Check::ok("store", "rebuild", found)] }, format)?;
    Ok(Exit::Ok)
}
