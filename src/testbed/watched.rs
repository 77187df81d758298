//! What the containers' own namespaces and control groups counted, read once when their flows have ended.
//!
//! Must not know how anything is counted. The invariant: nothing of it is read while a window is open, and it is said of how many
//! containers it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::error::{Error, Result};
use crate::host::cgroup::Nest;
use crate::host::counters::Stack;
use crate::host::watching::Effort;
use crate::lab::netns;
use crate::lab::sample::evenly;
use crate::store::record::{Counter, Counts, Watched};
use crate::traffic::{Flow, FlowStatus, Namespaces, Outcome};

/// Containers read in at most of those whose flows went well: about 0.1 ms each.
const SAMPLE: usize = 64;

/// The containers of a lab whose namespaces were made for it, so that what they count began at 0.
#[derive(Clone, Copy)]
pub(super) struct Containers<'a> {
    /// By their numbers.
    pub(super) namespaces: Namespaces<'a>,
    /// Who talks to whom.
    pub(super) flows: &'a [Flow],
}

impl Containers<'_> {
    /// Reads them after their flows have ended, in whatever way, and says what that took.
    ///
    /// # Errors
    /// When descriptors have run out.
    pub(super) fn read(
        self,
        driven: &Result<Outcome>,
        groups: Option<&Nest>,
    ) -> Result<(Watched, Effort)> {
        let talking = ends(self.flows.iter());
        let failing = match driven {
            Ok(outcome) => {
                let lost = outcome
                    .flows
                    .iter()
                    .filter(|it| it.status != FlowStatus::Ok);
                ends(lost.map(|flow| &flow.plan))
            }
            Err(_) => talking.clone(),
        };
        let chosen = chosen(&talking, &failing);
        let (counts, effort) = self.counts(&chosen)?;
        let throttled = throttled(&chosen, groups);
        let watched = Watched {
            containers: number(chosen.len()),
            of: number(talking.len()),
            failing: number(failing.len()),
            counts: counts.beside(&throttled),
        };
        Ok((watched, effort))
    }

    /// What the namespaces of some containers counted, each namespace once.
    fn counts(self, chosen: &BTreeSet<u32>) -> Result<(Counts, Effort)> {
        let namespaces = chosen
            .iter()
            .filter_map(|container| self.namespaces.get(*container as usize))
            .map(|namespace| (namespace.as_raw_fd(), *namespace));
        let namespaces: BTreeMap<_, BorrowedFd<'_>> = namespaces.collect();
        netns::visit(|visitor| {
            let (sum, effort) = Effort::of(|| {
                let counts = namespaces.values().map(|namespace| -> Result<Counts> {
                    visitor.enter(namespace).map_err(|source| {
                        Error::kernel("enter", "a container's namespace", source)
                    })?;
                    Ok(Stack::open()?.read())
                });
                counts.reduce(|sum, one| Ok(sum?.beside(&one?)))
            });
            Ok((sum.transpose()?.unwrap_or_default(), effort))
        })
    }
}

/// The containers at the ends of flows.
fn ends<'a>(flows: impl Iterator<Item = &'a Flow>) -> BTreeSet<u32> {
    let ends = flows.flat_map(|flow| [flow.client.container, flow.server.container]);
    ends.collect()
}

/// All whose flows failed, and of the others a few, spread evenly.
fn chosen(talking: &BTreeSet<u32>, failing: &BTreeSet<u32>) -> BTreeSet<u32> {
    let others: Vec<_> = talking.difference(failing).copied().collect();
    evenly(others, SAMPLE)
        .chain(failing.iter().copied())
        .collect()
}

/// Periods in which they were held back, where each has a control group with a quota.
fn throttled(chosen: &BTreeSet<u32>, groups: Option<&Nest>) -> Counts {
    let periods = chosen.iter().map(|it| groups?.throttled_periods(*it));
    let sum: Option<u64> = periods.sum();
    let sum = sum.filter(|_| groups.is_some());
    sum.map(|periods| (Counter::ThrottledPeriods, periods))
        .into_iter()
        .collect()
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_failed_are_read_and_an_even_sample_of_the_others() {
        let talking: BTreeSet<u32> = (0..1000).collect();
        let failing = BTreeSet::from([3, 500, 999]);
        let chosen_ones = chosen(&talking, &failing);
        assert!(failing.is_subset(&chosen_ones));
        let others: Vec<_> = chosen_ones.difference(&failing).copied().collect();
        assert!((32..=SAMPLE).contains(&others.len()), "{}", others.len());
        let gaps = others.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(gaps.max() < Some(20), "{others:?}");
        assert_eq!(chosen(&failing, &BTreeSet::new()), failing);
        assert_eq!(chosen(&talking, &talking), talking);
    }

    #[test]
    fn without_control_groups_nobody_was_held_back_as_far_as_is_known() {
        let none = throttled(&BTreeSet::from([1, 2]), None);
        assert_eq!(none.of(Counter::ThrottledPeriods), None);
    }
}
