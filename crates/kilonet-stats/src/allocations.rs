//! How often a thread asks for memory, for tests that hold what is hot to never.
//!
//! Only part of test builds, whose allocator it is. The invariant: counting asks for no memory itself.

#![allow(unsafe_code, reason = "an allocator is one by an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, and a count of what each thread asks of it.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every act is the system allocator's own, with what it was asked for; the count beside it is a thread's own number.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

fn count() {
    // A thread that is ending has no count any more, and no test either.
    let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
}

/// How often this thread asks for memory during an act.
pub(crate) fn during(act: impl FnOnce()) -> u64 {
    let before = ASKED.get();
    act();
    ASKED.get() - before
}

#[test]
fn what_asks_for_memory_is_counted() {
    assert_eq!(during(|| drop(std::hint::black_box(Box::new(7)))), 1);
    assert_eq!(during(|| ()), 0);
}
