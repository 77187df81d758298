//! The memory the kernel itself holds, to see by how much a lab makes it grow.
//!
//! Must not know labs. The invariant: nothing is counted twice, and nothing that only caches files' pages is counted.
//!
//! What is in, from `/proc/meminfo`: all of the slab, the reclaimable part too, since the inodes of sockets and
//! namespaces and the entries of `/proc/sys` are in it and cannot go while the lab stands (what other programs' files
//! add to it is noise of this figure); per-CPU memory, where each device keeps its counters; page tables; and vmalloc,
//! where large hash tables are. Kernel stacks lie in vmalloc on the common architectures, so the larger of the two stands
//! for both: kernels before 5.3 show vmalloc as 0. Pages taken straight from the page allocator, such as those of socket
//! buffers, have no line there and are left out.

use super::pseudo;
use crate::error::Result;

/// The kernel's memory at an instant, in bytes; a kind this kernel does not show is 0 in both of two readings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KernelMemory {
    /// All slab caches.
    pub slab: u64,
    /// Per-CPU allocations (shown since 4.20).
    pub percpu: u64,
    /// Page tables of all processes.
    pub page_tables: u64,
    /// Stacks of all threads.
    pub kernel_stack: u64,
    /// Memory mapped into the vmalloc area.
    pub vmalloc: u64,
}

impl KernelMemory {
    /// Reads `/proc/meminfo`.
    ///
    /// # Errors
    /// When it is not there.
    pub fn take() -> Result<Self> {
        pseudo::text("/proc/meminfo").map(|text| Self::parse(&text))
    }

    /// The sum of the kinds, none twice.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.slab + self.percpu + self.page_tables + self.vmalloc.max(self.kernel_stack)
    }

    fn parse(text: &str) -> Self {
        let field = |key| pseudo::meminfo(text, key).unwrap_or(0);
        Self {
            slab: field("Slab"),
            percpu: field("Percpu"),
            page_tables: field("PageTables"),
            kernel_stack: field("KernelStack"),
            vmalloc: field("VmallocUsed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_are_not_counted_twice_where_vmalloc_holds_them() {
        let text = "Slab: 100 kB\nSReclaimable: 60 kB\nSUnreclaim: 40 kB\nKernelStack: 16 kB\nPageTables: 20 kB\n\
                    SecPageTables: 0 kB\nVmallocTotal: 34359738367 kB\nVmallocUsed: 50 kB\nPercpu: 7 kB\n";
        assert_eq!(
            KernelMemory::parse(text).total(),
            (100 + 20 + 50 + 7) * 1024
        );
    }

    #[test]
    fn old_kernels_show_vmalloc_as_zero_and_no_percpu() {
        let text = "Slab: 100 kB\nKernelStack: 16 kB\nPageTables: 20 kB\nVmallocUsed: 0 kB\n";
        assert_eq!(KernelMemory::parse(text).total(), (100 + 16 + 20) * 1024);
    }
}
