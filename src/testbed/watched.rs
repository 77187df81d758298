//! What the containers' own namespaces and control groups counted, read once when their flows have ended.
//!
//! Must not know how anything is counted. The invariant: nothing of it is read while a window is open, and it is said of how many
//! containers it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::BorrowedFd;

use crate::error::{Error, Result};
use crate::host::cgroup::Nest;
use crate::host::counters::{self, Stack};
use crate::host::watching::Effort;
use crate::lab::netns::{self, Visitor};
use crate::lab::sample::evenly;
use crate::store::record::{Counter, Counts, Watched};
use crate::traffic::{Flow, FlowStatus, Namespaces, Outcome};

/// Containers read in at most of those whose flows went well: about 0.1 ms each.
const SAMPLE: usize = 64;

/// The containers of a lab.
#[derive(Clone, Copy)]
pub(super) struct Containers<'a> {
    /// By their numbers.
    pub(super) namespaces: Namespaces<'a>,
    /// Who talks to whom.
    pub(super) flows: &'a [Flow],
    /// What the namespaces had counted before the trial; absent where they were made for it, and began at 0.
    pub(super) before: Option<&'a Before>,
    /// A namespace that is not theirs alone, and is read as the host side, by its number: containers in it are left out.
    pub(super) beside: Option<u64>,
}

/// What namespaces that were there before had counted as a trial began, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Before(BTreeMap<u64, Counts>);

impl Before {
    /// Reads them.
    ///
    /// # Errors
    /// When one may not be entered, or descriptors have run out.
    pub(super) fn of(namespaces: Namespaces<'_>) -> Result<Self> {
        let numbered = numbered(namespaces.iter().copied())?;
        netns::visit(|visitor| {
            let counts = numbered
                .iter()
                .map(|(number, namespace)| Ok((*number, counts_in(visitor, *namespace)?)));
            counts.collect::<Result<_>>().map(Self)
        })
    }
}

impl Containers<'_> {
    /// Reads them after their flows have ended, in whatever way, and says what that took; absent where none has a namespace apart.
    ///
    /// # Errors
    /// When descriptors have run out.
    pub(super) fn read(
        self,
        driven: &Result<Outcome>,
        groups: Option<&Nest>,
    ) -> Result<Option<(Watched, Effort)>> {
        let talking = self.apart(ends(self.flows.iter()));
        if talking.is_empty() {
            return Ok(None);
        }
        let failing = match driven {
            Ok(outcome) => {
                let lost = outcome
                    .flows
                    .iter()
                    .filter(|it| it.status != FlowStatus::Ok);
                self.apart(ends(lost.map(|flow| &flow.plan)))
            }
            Err(_) => talking.clone(),
        };
        let chosen = chosen(&talking, &failing);
        let (inside, effort) = self.inside(&chosen)?;
        let watched = Watched {
            containers: number(chosen.len()),
            of: number(talking.len()),
            failing: number(failing.len()),
            time_wait: inside.time_wait,
            counts: inside.counts.beside(&of_groups(&chosen, groups)),
        };
        Ok(Some((watched, effort)))
    }

    /// Those of some containers that have a namespace beside the host side.
    fn apart(self, mut containers: BTreeSet<u32>) -> BTreeSet<u32> {
        if let Some(beside) = self.beside {
            containers.retain(|container| {
                let namespace = self.namespaces.get(*container as usize);
                namespace.is_none_or(|it| netns::identity(it).ok() != Some(beside))
            });
        }
        containers
    }

    /// What the namespaces of some containers say, each namespace once.
    fn inside(self, chosen: &BTreeSet<u32>) -> Result<(Inside, Effort)> {
        let namespaces = chosen.iter();
        let namespaces =
            namespaces.filter_map(|container| self.namespaces.get(*container as usize));
        let namespaces = numbered(namespaces.copied())?;
        netns::visit(|visitor| {
            let (sum, effort) = Effort::of(|| {
                let each = namespaces.iter().map(|(number, namespace)| {
                    let mut now = Inside::of(visitor, *namespace)?;
                    if let Some(before) = self.before.and_then(|before| before.0.get(number)) {
                        now.counts = now.counts.since(before);
                    }
                    Ok(now)
                });
                each.reduce(|sum: Result<Inside>, one| Ok(sum?.beside(&one?)))
            });
            Ok((sum.transpose()?.unwrap_or_default(), effort))
        })
    }
}

/// Namespaces by their numbers, each once.
fn numbered<'a>(
    namespaces: impl Iterator<Item = BorrowedFd<'a>>,
) -> Result<BTreeMap<u64, BorrowedFd<'a>>> {
    let numbered = namespaces.map(|it| Ok((netns::identity(it)?, it)));
    numbered.collect()
}

/// What a namespace has counted since it was made.
fn counts_in(visitor: &Visitor, namespace: BorrowedFd<'_>) -> Result<Counts> {
    visitor
        .enter(namespace)
        .map_err(|source| Error::kernel("enter", "a container's namespace", source))?;
    Ok(Stack::open()?.read())
}

/// What namespaces say of themselves.
#[derive(Debug, Default)]
struct Inside {
    /// What they counted, together.
    counts: Counts,
    /// The most closed connections that still keep their ports in one of them.
    time_wait: Option<u64>,
}

impl Inside {
    fn of(visitor: &Visitor, namespace: BorrowedFd<'_>) -> Result<Self> {
        Ok(Self {
            counts: counts_in(visitor, namespace)?,
            time_wait: counters::time_wait(),
        })
    }

    fn beside(&self, other: &Self) -> Self {
        Self {
            counts: self.counts.beside(&other.counts),
            time_wait: self.time_wait.max(other.time_wait),
        }
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

/// What their control groups counted, where each has one: periods in which they were held back, if they have a quota, and processes
/// that were killed for lack of memory.
fn of_groups(chosen: &BTreeSet<u32>, groups: Option<&Nest>) -> Counts {
    let Some(groups) = groups else {
        return Counts::default();
    };
    let sum = |read: &dyn Fn(u32) -> Option<u64>| chosen.iter().map(|it| read(*it)).sum();
    let counts: [(_, Option<u64>); 2] = [
        (
            Counter::ThrottledPeriods,
            sum(&|it| groups.throttled_periods(it)),
        ),
        (Counter::OomKills, sum(&|it| groups.memory(it).oom_kills)),
    ];
    let known = counts
        .into_iter()
        .filter_map(|(counter, number)| Some((counter, number?)));
    known.collect()
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
        let none = of_groups(&BTreeSet::from([1, 2]), None);
        assert_eq!(none, Counts::default());
    }
}
