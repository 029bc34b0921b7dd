//! Importing with an eye on time and memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gatewright_compiler::import::onnx::from_bytes;

/// Counts what is allocated, and the most at one time.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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
