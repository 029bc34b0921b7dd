//! Importing with an eye on time and memory.

#[path = "counting.rs"]
mod counting;

use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use counting::{NOW, PEAK};
use gatewright_compiler::import::onnx::from_bytes;

/// One test at a time, so that the peak is its own.
static ALONE: Mutex<()> = Mutex::new(());

/// Imports; checks time and memory. Returns the error's text, or nothing.
#[track_caller]
pub fn import(bytes: &[u8]) -> Option<String> {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let start = Instant::now();
    let result = from_bytes(bytes).map_err(|e| e.to_string());
    let (time, peak) = (start.elapsed(), PEAK.load(Ordering::Relaxed) - before);
    assert!(time < Duration::from_secs(30), "{time:?}");
    assert!(peak < (1 << 30) + 400 * bytes.len(), "{peak} bytes for a file of {}", bytes.len());
    result.err()
}
