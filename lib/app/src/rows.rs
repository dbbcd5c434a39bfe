//! Rows that do not read back, among others that do.

use crate::error::Chain;
use crate::ports::Rows;

/// The rows that read back. Any other is told in the log, and as good as not there: a program that was rolled back
/// meets rows of its successor, and what they are about must not stand in the way of everything else.
pub fn readable<T>(rows: Rows<T>) -> Vec<T> {
    let read = rows.into_iter().filter_map(|row| {
        row.inspect_err(|error| tracing::error!(error = %Chain(error), "left out: a row does not read back"))
            .ok()
    });
    read.collect()
}
